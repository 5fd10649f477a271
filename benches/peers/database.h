/* What the clients of PostgreSQL share: one connection, SQL that must succeed, files copied into tables. Included once a program. */

#include <endian.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static PGconn *base;
static char schedstat[64];

static void stop(const char *where) {
  fprintf(stderr, "%s: %s\n", where, PQerrorMessage(base));
  exit(1);
}

static void run(const char *sql) {
  PGresult *result = PQexec(base, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) stop(sql);
  PQclear(result);
}

static void send(const char *text, size_t length) {
  if (PQputCopyData(base, text, (int)length) != 1) stop("copy");
}

static void begin_copy(const char *sql) {
  PGresult *result = PQexec(base, sql);
  if (PQresultStatus(result) != PGRES_COPY_IN) stop(sql);
  PQclear(result);
}

static void end_copy(void) {
  if (PQputCopyEnd(base, NULL) != 1) stop("copy");
  for (PGresult *result; (result = PQgetResult(base)) != NULL; PQclear(result))
    if (PQresultStatus(result) != PGRES_COMMAND_OK) stop("copy");
}

static FILE *open_in(const char *folder, const char *name, const char *mode) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, mode);
  if (!file) {
    perror(path);
    exit(1);
  }
  return file;
}

static void copy_file(const char *sql, const char *folder, const char *name) {
  begin_copy(sql);
  FILE *file = open_in(folder, name, "r");
  char *line = NULL;
  size_t room = 0;
  for (ssize_t length; (length = getline(&line, &room, file)) > 0;) send(line, (size_t)length);
  free(line);
  fclose(file);
  end_copy();
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What postgis.sh gives as the last argument. */
static void connect_to(const char *conninfo) {
  base = PQconnectdb(conninfo);
  if (PQstatus(base) != CONNECTION_OK) stop("connect");
  snprintf(schedstat, sizeof schedstat, "/proc/%d/schedstat", PQbackendPID(base));
  run("SET client_min_messages = warning");
}

/* What the server's side of the connection has spent of its processor, in nanoseconds. */
static unsigned long long server_ns(void) {
  unsigned long long ns = 0;
  FILE *file = fopen(schedstat, "r");
  if (file) {
    if (fscanf(file, "%llu", &ns) != 1) ns = 0;
    fclose(file);
  }
  return ns;
}

/* Ends the program, in the words of program.rs, where the extension is not installed. */
static void extend(const char *extension) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT FROM pg_available_extensions WHERE name = '%s'", extension);
  PGresult *found = PQexec(base, sql);
  if (PQresultStatus(found) != PGRES_TUPLES_OK) stop(sql);
  if (PQntuples(found) == 0) {
    printf("absent PostgreSQL has no extension %s\n", extension);
    exit(0);
  }
  PQclear(found);
  snprintf(sql, sizeof sql, "CREATE EXTENSION %s", extension);
  run(sql);
}

static void say_ready(void) {
  PGresult *version = PQexec(base, "SELECT 'PostGIS ' || postgis_lib_version() || ' (GEOS ' || postgis_geos_version() || "
                                   "', PostgreSQL ' || current_setting('server_version') || ')'");
  if (PQresultStatus(version) != PGRES_TUPLES_OK) stop("version");
  printf("ready %s\n", PQgetvalue(version, 0, 0));
  fflush(stdout);
  PQclear(version);
}
