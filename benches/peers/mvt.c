/* PostGIS through libpq: vector tiles by a prepared ST_AsMVT over tables in Web Mercator. Speaks the protocol of program.rs: COUNT is how many of the
 * tiles in `tiles.bin` come next (it begins again when all have been made), and `owners.bin` holds two numbers for each: microseconds of the server's
 * processor, and bytes of the tile. */

#include "database.h"

static uint32_t (*tiles)[3];
static size_t tile_count, next_tile;

/* Makes and copies the tables, a line of `tables.txt` each: its name, a tab, its columns. */
static void load(const char *folder) {
  extend("postgis");
  char name[128], columns[1024], text[16384];
  FILE *tables = open_in(folder, "tables.txt", "r");
  while (fscanf(tables, "%127[^\t]\t%1023[^\n]\n", name, columns) == 2) {
    char file[160];
    snprintf(text, sizeof text, "CREATE UNLOGGED TABLE %s (%s)", name, columns);
    run(text);
    snprintf(text, sizeof text, "COPY %s FROM STDIN", name);
    snprintf(file, sizeof file, "%s.tsv", name);
    copy_file(text, folder, file);
    snprintf(text, sizeof text, "ALTER TABLE %s ALTER shape TYPE geometry USING ST_Transform(ST_SetSRID(shape, 4326), 3857)", name);
    run(text);
    snprintf(text, sizeof text, "CREATE INDEX ON %s USING gist (shape)", name);
    run(text);
  }
  fclose(tables);
  run("VACUUM ANALYZE");
  FILE *sql = open_in(folder, "tile.sql", "r");
  size_t length = fread(text, 1, sizeof text - 1, sql);
  fclose(sql);
  text[length] = 0;
  PGresult *made = PQprepare(base, "tile", text, 3, (const Oid[]){23, 23, 23});
  if (PQresultStatus(made) != PGRES_COMMAND_OK) stop("prepare");
  PQclear(made);
}

static void read_tiles(const char *folder) {
  FILE *file = open_in(folder, "tiles.bin", "rb");
  fseek(file, 0, SEEK_END);
  tile_count = (size_t)ftell(file) / sizeof *tiles;
  rewind(file);
  tiles = malloc(tile_count * sizeof *tiles);
  if (!tiles || fread(tiles, sizeof *tiles, tile_count, file) != tile_count) stop("tiles.bin");
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  connect_to(argv[2]);
  load(argv[1]);
  read_tiles(argv[1]);
  say_ready();
  uint32_t *figures = calloc(2 * tile_count + 1, sizeof *figures);
  if (!figures) return 1;
  char form[32];
  for (size_t count; scanf("%31s %zu", form, &count) == 2;) {
    if (next_tile + count > tile_count) return 2;
    double start = now();
    for (size_t i = 0; i < count; i++) {
      uint32_t place[3];
      for (int k = 0; k < 3; k++) place[k] = htobe32(le32toh(tiles[next_tile + i][k]));
      const char *values[3] = {(char *)&place[0], (char *)&place[1], (char *)&place[2]};
      const int lengths[3] = {4, 4, 4}, binary[3] = {1, 1, 1};
      unsigned long long processor = server_ns();
      PGresult *result = PQexecPrepared(base, "tile", 3, values, lengths, binary, 1);
      if (PQresultStatus(result) != PGRES_TUPLES_OK) stop("ST_AsMVT");
      figures[2 * i] = (uint32_t)((server_ns() - processor) / 1000);
      figures[2 * i + 1] = (uint32_t)PQgetlength(result, 0, 0);
      PQclear(result);
    }
    double took = now() - start;
    next_tile = (next_tile + count) % tile_count;
    FILE *out = open_in(argv[1], "owners.bin", "wb");
    fwrite(figures, sizeof *figures, 2 * count, out);
    fclose(out);
    printf("%.9f\n", took);
    fflush(stdout);
  }
  PQfinish(base);
  return 0;
}
