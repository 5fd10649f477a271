// S2: every unit a shape of one MutableS2ShapeIndex, asked with S2ContainsPointQuery under the SEMI_OPEN model – the only peer that promises
// one owner for each point, on edges that are geodesics. Degrees become points on the sphere inside the timing, as in any use of it.
// Speaks the protocol of program.rs.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <s2/mutable_s2shape_index.h>
#include <s2/s2contains_point_query.h>
#include <s2/s2latlng.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>

namespace {

// A reader of well-known binary in hexadecimal, little-endian.
struct Reader {
  const char* at;

  uint8_t byte() {
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    uint8_t value = static_cast<uint8_t>(digit(at[0]) * 16 + digit(at[1]));
    at += 2;
    return value;
  }
  template <class T>
  T value() {
    uint8_t bytes[sizeof(T)];
    for (auto& b : bytes) b = byte();
    T result;
    std::memcpy(&result, bytes, sizeof(T));
    return result;
  }
};

std::unique_ptr<S2Polygon> polygon(const std::string& hex) {
  Reader in{hex.data()};
  in.byte();
  in.value<uint32_t>();
  std::vector<std::unique_ptr<S2Loop>> loops;
  for (uint32_t parts = in.value<uint32_t>(); parts > 0; --parts) {
    in.byte();
    in.value<uint32_t>();
    for (uint32_t rings = in.value<uint32_t>(); rings > 0; --rings) {
      std::vector<S2Point> points;
      uint32_t count = in.value<uint32_t>();
      for (uint32_t i = 0; i < count; ++i) {
        double lon = in.value<double>(), lat = in.value<double>();
        if (i + 1 < count) points.push_back(S2LatLng::FromDegrees(lat, lon).ToPoint());
      }
      auto loop = std::make_unique<S2Loop>();
      loop->set_s2debug_override(S2Debug::DISABLE);
      loop->Init(points);
      loop->Normalize();
      loops.push_back(std::move(loop));
    }
  }
  auto polygon = std::make_unique<S2Polygon>();
  polygon->set_s2debug_override(S2Debug::DISABLE);
  polygon->InitNested(std::move(loops));
  return polygon;
}

// The headers do not tell a version; the name of the library that was loaded does.
std::string version() {
  std::ifstream maps("/proc/self/maps");
  const std::string name = "libs2.so.";
  for (std::string line; std::getline(maps, line);) {
    size_t at = line.find(name);
    if (at != std::string::npos) return line.substr(at + name.size());
  }
  return "of unknown version";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::string folder = argv[1];
  MutableS2ShapeIndex index;
  std::vector<uint32_t> number;
  std::ifstream units(folder + "/units.tsv");
  for (std::string line; std::getline(units, line);) {
    size_t tab = line.find('\t');
    number.push_back(static_cast<uint32_t>(std::stoul(line.substr(0, tab))));
    index.Add(std::make_unique<S2Polygon::OwningShape>(polygon(line.substr(tab + 1))));
  }
  index.ForceBuild();
  std::ifstream file(folder + "/points.bin", std::ios::binary | std::ios::ate);
  std::vector<double> points(static_cast<size_t>(file.tellg()) / sizeof(double));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(points.data()), static_cast<std::streamsize>(points.size() * sizeof(double)));

  S2ContainsPointQueryOptions options(S2VertexModel::SEMI_OPEN);
  auto query = MakeS2ContainsPointQuery(&index, options);
  std::cout << "ready S2 " << version() << std::endl;
  std::string form;
  for (size_t count; std::cin >> form >> count;) {
    std::vector<uint32_t> owners(count, 0);
    auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < count; ++i) {
      S2Point point = S2LatLng::FromDegrees(points[2 * i + 1], points[2 * i]).ToPoint();
      query.VisitContainingShapes(point, [&](S2Shape* shape) {
        owners[i] = number[static_cast<size_t>(shape->id())];
        return false;
      });
    }
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::ofstream out(folder + "/owners.bin", std::ios::binary);
    out.write(reinterpret_cast<const char*>(owners.data()), static_cast<std::streamsize>(count * sizeof(uint32_t)));
    out.close();
    std::cout << took.count() << std::endl;
  }
}
