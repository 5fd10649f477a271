/* PostGIS through libpq: joins in bulk, and a prepared statement asked one point at a time or with a hundred in flight. Answers come back in
 * PostgreSQL's binary form, whole. Speaks the protocol of program.rs. */

#include "database.h"

enum { IN_FLIGHT = 100 };

static double *points;
static size_t point_count;
static uint32_t *owners;

static void load(const char *folder) {
  extend("postgis");
  run("CREATE UNLOGGED TABLE units (number int4, shape geometry)");
  copy_file("COPY units FROM STDIN", folder, "units.tsv");
  FILE *file = open_in(folder, "points.bin", "rb");
  fseek(file, 0, SEEK_END);
  point_count = (size_t)ftell(file) / (2 * sizeof(double));
  rewind(file);
  points = malloc(point_count * 2 * sizeof(double));
  owners = malloc(point_count * sizeof(uint32_t));
  if (!points || !owners || fread(points, 2 * sizeof(double), point_count, file) != point_count) stop("points.bin");
  fclose(file);
  run("CREATE UNLOGGED TABLE coordinates (i int4, lon float8, lat float8)");
  begin_copy("COPY coordinates FROM STDIN");
  for (size_t i = 0; i < point_count; i++) {
    char row[96];
    send(row, (size_t)snprintf(row, sizeof row, "%zu\t%.17g\t%.17g\n", i, points[2 * i], points[2 * i + 1]));
  }
  end_copy();
  /* Each join finds an index on one side only, so that its plan is the one it is named after. */
  run("CREATE UNLOGGED TABLE plain_units AS SELECT * FROM units");
  run("CREATE INDEX ON units USING gist (shape)");
  run("VACUUM ANALYZE");
}

static void collect(PGresult *result) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK) stop("join");
  for (int row = 0; row < PQntuples(result); row++) {
    uint32_t pair[2];
    memcpy(&pair[0], PQgetvalue(result, row, 0), 4);
    memcpy(&pair[1], PQgetvalue(result, row, 1), 4);
    owners[be32toh(pair[0])] = be32toh(pair[1]);
  }
  PQclear(result);
}

/* Runs SQL whose every %1$zu is the number of points asked about. */
static PGresult *about(const char *sql, size_t count, int binary) {
  char text[512];
  snprintf(text, sizeof text, sql, count);
  return PQexecParams(base, text, 0, NULL, NULL, NULL, NULL, binary);
}

/* The first points as a table of their own, made once and outside the timing. */
static void make_points(const char *form, size_t count) {
  static const char *with_index[] = {
      "CREATE UNLOGGED TABLE IF NOT EXISTS indexed_%1$zu AS SELECT i, ST_MakePoint(lon, lat) AS at FROM coordinates WHERE i < %1$zu",
      "CREATE INDEX IF NOT EXISTS at_%1$zu ON indexed_%1$zu USING gist (at)", "ANALYZE indexed_%1$zu", NULL};
  static const char *without[] = {
      "CREATE UNLOGGED TABLE IF NOT EXISTS points_%1$zu AS SELECT i, ST_MakePoint(lon, lat) AS at FROM coordinates WHERE i < %1$zu",
      "ANALYZE points_%1$zu", NULL};
  const char **steps = !strcmp(form, "by_polygon") ? with_index : !strcmp(form, "by_point") ? without : (const char *[]){NULL};
  for (; *steps; steps++) {
    PGresult *result = about(*steps, count, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) stop(*steps);
    PQclear(result);
  }
}

static void in_network_order(size_t i, uint64_t bits[2]) {
  for (int k = 0; k < 2; k++) {
    memcpy(&bits[k], &points[2 * i + k], 8);
    bits[k] = htobe64(bits[k]);
  }
}

static void take(size_t i, PGresult *result) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK) stop("prepared statement");
  if (PQntuples(result) > 0) {
    uint32_t number;
    memcpy(&number, PQgetvalue(result, 0, 0), 4);
    owners[i] = be32toh(number);
  }
  PQclear(result);
}

static void prepared(size_t count) {
  uint64_t bits[2];
  const char *values[2] = {(char *)&bits[0], (char *)&bits[1]};
  const int lengths[2] = {8, 8}, binary[2] = {1, 1};
  for (size_t i = 0; i < count; i++) {
    in_network_order(i, bits);
    take(i, PQexecPrepared(base, "owner", 2, values, lengths, binary, 1));
  }
}

static void pipelined(size_t count) {
  uint64_t bits[2];
  const char *values[2] = {(char *)&bits[0], (char *)&bits[1]};
  const int lengths[2] = {8, 8}, binary[2] = {1, 1};
  if (PQenterPipelineMode(base) != 1) stop("pipeline");
  for (size_t from = 0; from < count; from += IN_FLIGHT) {
    size_t to = from + IN_FLIGHT < count ? from + IN_FLIGHT : count;
    for (size_t i = from; i < to; i++) {
      in_network_order(i, bits);
      if (PQsendQueryPrepared(base, "owner", 2, values, lengths, binary, 1) != 1) stop("pipeline");
    }
    if (PQpipelineSync(base) != 1) stop("pipeline");
    for (size_t i = from; i < to; i++) {
      take(i, PQgetResult(base));
      if (PQgetResult(base) != NULL) stop("pipeline");
    }
    PGresult *sync = PQgetResult(base);
    if (PQresultStatus(sync) != PGRES_PIPELINE_SYNC) stop("pipeline");
    PQclear(sync);
  }
  if (PQexitPipelineMode(base) != 1) stop("pipeline");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  connect_to(argv[2]);
  load(argv[1]);
  PGresult *made = PQprepare(base, "owner", "SELECT number FROM units WHERE ST_Contains(shape, ST_MakePoint($1, $2))", 2,
                             (const Oid[]){701, 701});
  if (PQresultStatus(made) != PGRES_COMMAND_OK) stop("prepare");
  PQclear(made);
  say_ready();

  char form[32];
  for (size_t count; scanf("%31s %zu", form, &count) == 2;) {
    if (count > point_count) return 2;
    memset(owners, 0, count * sizeof(uint32_t));
    make_points(form, count);
    double start = now();
    if (!strcmp(form, "by_point"))
      collect(about("SELECT p.i, u.number FROM points_%1$zu p JOIN units u ON ST_Contains(u.shape, p.at)", count, 1));
    else if (!strcmp(form, "by_polygon"))
      collect(about("SELECT p.i, u.number FROM plain_units u JOIN indexed_%1$zu p ON ST_Contains(u.shape, p.at)", count, 1));
    else if (!strcmp(form, "prepared"))
      prepared(count);
    else if (!strcmp(form, "pipelined"))
      pipelined(count);
    else
      return 2;
    double took = now() - start;
    FILE *out = open_in(argv[1], "owners.bin", "wb");
    fwrite(owners, sizeof(uint32_t), count, out);
    fclose(out);
    printf("%.9f\n", took);
    fflush(stdout);
  }
  PQfinish(base);
  return 0;
}
