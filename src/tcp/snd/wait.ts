/**
 * Why nothing is sent. idle: nothing waits. congestion: the congestion window is full. window: the peer's is, or is too small
 * to be worth it. buffer: as much is out as SO_SNDBUF allows. small: Nagle's algorithm or a cork holds a partial segment back. pace: it is too soon.
 */
export type Wait = 'idle' | 'congestion' | 'window' | 'buffer' | 'small' | 'pace'
