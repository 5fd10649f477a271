/* PostGIS topology through libpq: the partition as a topology, and prepared ST_ChangeEdgeGeom, one move after the other, each a transaction of its
 * own. Speaks the protocol of program.rs; COUNT is how many moves come next, and `owners.bin` holds three numbers for each: nanoseconds until
 * the answer was here, nanoseconds of the server's processor, and whether the edge was changed (1) or the move refused (0).
 *   change    the moves
 *   empty     as many round trips of a statement that does nothing
 *   validate  no move; one number: the faults that ValidateTopology finds */

#include "database.h"

typedef struct {
  uint32_t edge, length;
  const char *wkb;
} Move;

static Move *moves;
static size_t move_count, next_move;

static void load(const char *folder) {
  extend("postgis");
  extend("postgis_topology");
  run("SELECT topology.CreateTopology('town', 0)");
  run("BEGIN");
  copy_file("COPY town.face (face_id, mbr) FROM STDIN", folder, "faces.tsv");
  copy_file("COPY town.node (node_id, geom) FROM STDIN", folder, "nodes.tsv");
  copy_file("COPY town.edge_data FROM STDIN", folder, "edges.tsv");
  run("COMMIT");
  run("VACUUM ANALYZE");
}

/* Each move: the edge's number, the length of its new line, the line as WKB. */
static void read_moves(const char *folder) {
  FILE *file = open_in(folder, "moves.bin", "rb");
  for (uint32_t head[2]; fread(head, sizeof head, 1, file) == 1;) {
    char *wkb = malloc(head[1]);
    moves = realloc(moves, (move_count + 1) * sizeof *moves);
    if (!wkb || !moves || fread(wkb, head[1], 1, file) != 1) stop("moves.bin");
    moves[move_count++] = (Move){le32toh(head[0]), le32toh(head[1]), wkb};
  }
  fclose(file);
}

static void prepare(const char *name, const char *sql) {
  /* int4 and bytea */
  PGresult *made = PQprepare(base, name, sql, 2, (const Oid[]){23, 17});
  if (PQresultStatus(made) != PGRES_COMMAND_OK) stop("prepare");
  PQclear(made);
}

/* A move may be refused for what it would do to the graph; anything else that fails ends the run. */
static uint32_t changed(PGresult *result) {
  if (PQresultStatus(result) == PGRES_TUPLES_OK) return 1;
  const char *message = PQerrorMessage(base);
  if (!strstr(message, "SQL/MM Spatial exception") && !strstr(message, "Edge motion collision")) stop("ST_ChangeEdgeGeom");
  return 0;
}

static void ask(const char *statement, size_t count, uint32_t *figures) {
  for (size_t i = 0; i < count; i++) {
    const Move *move = &moves[next_move + i];
    uint32_t edge = htobe32(move->edge);
    const char *values[2] = {(char *)&edge, move->wkb};
    const int lengths[2] = {4, (int)move->length}, binary[2] = {1, 1};
    unsigned long long processor = server_ns();
    double start = now();
    PGresult *result = PQexecPrepared(base, statement, 2, values, lengths, binary, 1);
    figures[3 * i] = (uint32_t)((now() - start) * 1e9);
    figures[3 * i + 1] = (uint32_t)(server_ns() - processor);
    figures[3 * i + 2] = changed(result);
    PQclear(result);
  }
}

static uint32_t faults(void) {
  PGresult *result = PQexec(base, "SELECT * FROM topology.ValidateTopology('town')");
  if (PQresultStatus(result) != PGRES_TUPLES_OK) stop("ValidateTopology");
  int rows = PQntuples(result);
  for (int i = 0; i < rows && i < 3; i++)
    fprintf(stderr, "ValidateTopology: %s, %s, %s\n", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));
  PQclear(result);
  return (uint32_t)rows;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  connect_to(argv[2]);
  load(argv[1]);
  read_moves(argv[1]);
  prepare("change", "SELECT topology.ST_ChangeEdgeGeom('town', $1, ST_GeomFromWKB($2))");
  prepare("empty", "SELECT $1, length($2)");
  say_ready();

  uint32_t *figures = calloc(3 * move_count + 1, sizeof *figures);
  if (!figures) return 1;
  char form[32];
  for (size_t count; scanf("%31s %zu", form, &count) == 2;) {
    if (next_move + count > move_count) return 2;
    size_t numbers = 3 * count;
    double start = now();
    if (!strcmp(form, "validate")) {
      figures[0] = faults();
      numbers = 1;
    } else {
      ask(form, count, figures);
      if (!strcmp(form, "change")) next_move += count;
    }
    double took = now() - start;
    FILE *out = open_in(argv[1], "owners.bin", "wb");
    fwrite(figures, sizeof *figures, numbers, out);
    fclose(out);
    printf("%.9f\n", took);
    fflush(stdout);
  }
  PQfinish(base);
  return 0;
}
