"""Apps in a compiled language, which no hook sees."""

from __future__ import annotations

import socket

from synth.ways.apps import compiled
from synth.ways.things import BIGGER, DATA, READ, SHARED, SMALL, serve
from synth.ways.way import NOISE, OTHER_MACHINE, link, setenv, unset, write

CAT = '  FILE *in = fopen("../shared.json", "r");\n  value[fread(value, 1, 4095, in)] = 0;'
WAYS = (
    compiled("fopen", CAT, noise=NOISE, **READ),
    compiled(
        "openat and mmap",
        '  int in = openat(open("..", O_PATH), "shared.json", O_RDONLY);\n'
        "  memcpy(value, mmap(0, 4, PROT_READ, MAP_PRIVATE, in, 0), 4);",
        "#include <fcntl.h>\n#include <sys/mman.h>",
        **READ,
    ),
    compiled(
        "a system call of its own",
        '  syscall(SYS_read, syscall(SYS_openat, AT_FDCWD, "../shared.json", O_RDONLY), value, 99);',
        "#include <fcntl.h>\n#include <unistd.h>\n#include <sys/syscall.h>",
        **READ,
    ),
    compiled(
        "opendir",
        '  DIR *all = opendir("../data");\n  int count = 0;\n  while (readdir(all)) count++;\n'
        '  sprintf(value, "%d", count);',
        "#include <dirent.h>",
        files=DATA,
        inputs=(write("data/b.txt"),),
        noise=(write("data/a.txt"), *OTHER_MACHINE),
    ),
    compiled(
        "stat",
        '  struct stat found;\n  stat("../shared.json", &found);\n  sprintf(value, "%ld", (long) found.st_size);',
        files=SHARED,
        inputs=(write("shared.json", "1"),),
    ),
    compiled(
        "access of an absent file",
        '  sprintf(value, "%d", access("../local", F_OK));',
        "#include <unistd.h>",
        inputs=(write("local"),),
    ),
    compiled(
        "readlink",
        '  value[readlink("../current", value, 99)] = 0;',
        "#include <unistd.h>",
        prepare=(link("current", "v1"),),
        inputs=(link("current", "v2"),),
    ),
    compiled(
        "getenv",
        '  char *found = getenv("APP_SIZE");\n  strcpy(value, found ? found : "none");',
        prepare=SMALL,
        inputs=(BIGGER, unset("APP_SIZE")),
        noise=OTHER_MACHINE,
    ),
    compiled(
        "environ",
        '  for (char **each = environ; *each; each++)\n    if (!strncmp(*each, "APP_", 4)) strcat(value, *each);',
        "#include <unistd.h>",
        prepare=SMALL,
        inputs=(BIGGER, setenv("APP_NEW", "1")),
        noise=OTHER_MACHINE,
    ),
    compiled(
        "a thread",
        "  pthread_t thread;\n  pthread_create(&thread, 0, cat, value);\n  pthread_join(thread, 0);",
        '#include <pthread.h>\nstatic void *cat(void *value) {\n  FILE *in = fopen("../shared.json", "r");\n'
        "  fread(value, 1, 4095, in);\n  return 0;\n}",
        **READ,
    ),
    compiled(
        "fork",
        "  int ends[2];\n  pipe(ends);\n  if (!fork()) {\n  " + CAT + "\n    write(ends[1], value, 99);\n"
        "    _exit(0);\n  }\n  read(ends[0], value, 99);",
        "#include <unistd.h>",
        **READ,
    ),
    compiled("a program that is compiled by the command", CAT, command="cc -w -o app app.c && ./app", **READ),
    compiled(
        "a connection",
        '  struct sockaddr_in to = {AF_INET};\n  FILE *in = fopen("where.json", "r");\n'
        '  int port;\n  fscanf(in, "%d", &port);\n  to.sin_port = htons(port);\n'
        "  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
        "  int there = socket(AF_INET, SOCK_STREAM, 0);\n  connect(there, (struct sockaddr *) &to, sizeof to);\n"
        "  read(there, value, 99);",
        "#include <arpa/inet.h>\n#include <unistd.h>",
        prepare=(serve(socket.AF_INET),),
        obstacle="always",
    ),
)
