/*
 * Keeps so many datagrams under way to an echo, over up to 8 sockets: load PORT IN_FLIGHT BYTES SECONDS
 * prints how many came back. What is lost is sent again when nothing has come for a tenth of a second.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

enum { SOCKETS = 8, COUNT = 256 };

static char bytes[2048];

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void send_many(int fd, int count, int size) {
  static struct mmsghdr messages[COUNT];
  struct iovec part = {bytes, size};
  for (int i = 0; i < count; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  sendmmsg(fd, messages, count, 0);
}

int main(int count, char **words) {
  if (count < 5) return 2;
  int in_flight = atoi(words[2]), size = atoi(words[3]);
  int sockets = in_flight < SOCKETS ? in_flight : SOCKETS;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct pollfd polls[SOCKETS];
  for (int i = 0; i < sockets; i++) {
    polls[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
    connect(polls[i].fd, (struct sockaddr *)&to, sizeof to);
    send_many(polls[i].fd, in_flight / sockets, size);
  }
  static struct mmsghdr messages[COUNT];
  struct iovec part = {bytes, sizeof bytes};
  for (int i = 0; i < COUNT; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  long total = 0;
  double end = now() + atof(words[4]);
  while (now() < end) {
    if (poll(polls, sockets, 100) == 0)
      for (int i = 0; i < sockets; i++) send_many(polls[i].fd, in_flight / sockets, size);
    for (int i = 0; i < sockets; i++) {
      if (!(polls[i].revents & POLLIN)) continue;
      int got = recvmmsg(polls[i].fd, messages, COUNT, MSG_DONTWAIT, NULL);
      if (got <= 0) continue;
      total += got;
      send_many(polls[i].fd, got, size);
    }
  }
  printf("%ld\n", total);
}
