/* The bare loop: every datagram goes back to where it came from. echo [PORT] prints `listening PORT`. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { COUNT = 64, BYTES = 2048 };

static struct mmsghdr messages[COUNT];
static struct iovec parts[COUNT];
static struct sockaddr_in names[COUNT];
static char bytes[COUNT][BYTES];

int main(int count, char **words) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET};
  at.sin_port = htons(count > 1 ? atoi(words[1]) : 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  if (bind(fd, (struct sockaddr *)&at, length) < 0) {
    perror("bind");
    return 1;
  }
  getsockname(fd, (struct sockaddr *)&at, &length);
  printf("listening %d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    for (int i = 0; i < COUNT; i++) {
      parts[i] = (struct iovec){bytes[i], BYTES};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int got = recvmmsg(fd, messages, COUNT, MSG_WAITFORONE, NULL);
    if (got <= 0) continue;
    for (int i = 0; i < got; i++) parts[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < got;) {
      int now = sendmmsg(fd, messages + sent, got - sent, 0);
      if (now <= 0) break;
      sent += now;
    }
  }
}
