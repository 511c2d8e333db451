/*
 * The lower limit for an HTTP server on this machine: one thread, epoll, read, write, and a canned reply to whatever
 * ends in an empty line. No parsing, no limits, no timers: what a server costs beyond this is its own doing.
 *
 *   cc -O2 -o epoll epoll.c && ./epoll PORT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char reply[] =
    "HTTP/1.1 200 OK\r\n"
    "content-type: text/plain\r\n"
    "content-length: 13\r\n"
    "date: Sun, 22 Nov 2026 00:00:00 GMT\r\n"
    "\r\n"
    "Hello, World!";

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
  if (listen(fd, 511) < 0) die("listen");
  getsockname(fd, (struct sockaddr *)&at, &length);
  printf("listening %d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static void take_all(int epoll, int from) {
  for (;;) {
    int one = 1, fd = accept4(from, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void answer(int fd) {
  char buffer[4096];
  ssize_t got = read(fd, buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    close(fd);
    return;
  }
  if (got >= 4 && memcmp(buffer + got - 4, "\r\n\r\n", 4) == 0 && write(fd, reply, sizeof reply - 1) < 0) close(fd);
}

int main(int argc, char **argv) {
  int epoll = epoll_create1(0), server = listener(argc > 1 ? atoi(argv[1]) : 0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, events[256];
  signal(SIGPIPE, SIG_IGN);
  epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
  for (;;) {
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == server) take_all(epoll, server);
      else answer(events[i].data.fd);
    }
  }
}
