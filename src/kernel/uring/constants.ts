/** io_uring's numbers (linux/io_uring.h), and those of the calls around it. */

export const SYS_IO_URING_SETUP = 425n
export const SYS_IO_URING_ENTER = 426n
export const SYS_IO_URING_REGISTER = 427n

export const IORING_SETUP_CQSIZE = 1 << 3
/** One bad entry must not hold back those behind it (Linux 5.18). */
export const IORING_SETUP_SUBMIT_ALL = 1 << 7
/** Completions run when this thread next enters the kernel, without an interrupt (Linux 5.19). */
export const IORING_SETUP_COOP_TASKRUN = 1 << 8
/** Only this thread submits (Linux 6.0). DEFER_TASKRUN is left out: the ring's descriptor would not poll readable. */
export const IORING_SETUP_SINGLE_ISSUER = 1 << 12
export const IORING_FEAT_SINGLE_MMAP = 1 << 0
/** Completions that find the ring full are kept by the kernel, not lost (Linux 5.5). */
export const IORING_FEAT_NODROP = 1 << 1
export const IORING_OFF_SQ_RING = 0
export const IORING_OFF_SQES = 0x1000_0000
export const IORING_ENTER_GETEVENTS = 1
export const IORING_SQ_CQ_OVERFLOW = 2
export const IORING_REGISTER_PBUF_RING = 22

export const IORING_OP_POLL_ADD = 6
export const IORING_OP_ACCEPT = 13
export const IORING_OP_ASYNC_CANCEL = 14
export const IORING_OP_CONNECT = 16
export const IORING_OP_CLOSE = 19
export const IORING_OP_SEND = 26
export const IORING_OP_RECV = 27

export const IOSQE_IO_HARDLINK = 1 << 3
export const IOSQE_BUFFER_SELECT = 1 << 5
export const IORING_ACCEPT_MULTISHOT = 1
/** Wait for readiness instead of trying first: right after a read that emptied the socket. */
export const IORING_RECVSEND_POLL_FIRST = 1
export const IORING_ASYNC_CANCEL_ALL = 1
export const IORING_ASYNC_CANCEL_FD = 2

export const PROT_READ_WRITE = 3
export const MAP_SHARED_POPULATE = 0x8001

export const SOCK_CLOEXEC = 0o2000000
/** On a send: come back when all is sent. */
export const MSG_WAITALL = 0x100
/** On a send: more follows at once, which may go into the same segment. */
export const MSG_MORE = 0x8000
export const POLLOUT = 4
