/* load PORT PATH CONNECTIONS BYTES SECONDS: masked frames made beforehand, answers counted by their octets and not looked
 * at. With /echo every connection has one message under way; with /broadcast one connection speaks, and does so again when
 * all have heard. Prints how many messages were received. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int open_one(int port, const char *path) {
  int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  char head[512], answer[1024];
  int length = snprintf(head, sizeof head,
    "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path);
  if (connect(s, (void *)&to, sizeof to) || write(s, head, length) != length) exit(1);
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int have = 0;
  while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4)) {
    int n = read(s, answer + have, 1);
    if (n <= 0 || ++have == sizeof answer) exit(1);
  }
  if (memcmp(answer, "HTTP/1.1 101", 12)) exit(1);
  return s;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  int port = atoi(argv[1]), count = atoi(argv[3]), size = atoi(argv[4]), broadcast = !strcmp(argv[2], "/broadcast");
  unsigned char *frame = malloc(size + 8);
  int head = 2;
  frame[0] = 0x82;
  if (size < 126) frame[1] = 0x80 | size;
  else frame[1] = 0x80 | 126, frame[2] = size >> 8, frame[3] = size & 255, head = 4;
  memcpy(frame + head, "\1\2\3\4", 4);
  memset(frame + head + 4, 7, size);
  int length = head + 4 + size, answer = head + size;
  int *sockets = malloc(count * sizeof *sockets), *have = calloc(count, sizeof *have);
  int poll = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    sockets[i] = open_one(port, argv[2]);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  char *into = malloc(1 << 16);
  struct epoll_event events[256];
  long received = 0;
  int awaited = count;
  double end = now() + atof(argv[5]);
  for (int i = 0; i < (broadcast ? 1 : count); i++) if (write(sockets[i], frame, length) != length) return 1;
  while (now() < end) {
    int ready = epoll_wait(poll, events, 256, 100);
    for (int e = 0; e < ready; e++) {
      int i = events[e].data.u32, n = read(sockets[i], into, 1 << 16);
      if (n <= 0) return 1;
      for (have[i] += n; have[i] >= answer; have[i] -= answer) {
        received++;
        if (broadcast ? --awaited > 0 : 0) continue;
        awaited = count;
        if (write(sockets[broadcast ? 0 : i], frame, length) != length) return 1;
      }
    }
  }
  printf("%ld\n", received);
  return 0;
}
