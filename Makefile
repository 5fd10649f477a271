# Two commands matter: `make demo` and `make test`. Each installs what is missing (nothing, when nothing is) and needs no other.
.DEFAULT_GOAL := help
.PHONY: help demo test bench fuzz peers lint data setup

LISTEN ?= 127.0.0.1:8080
FUZZ_SECONDS ?= 60
cargo := cargo --locked

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## build, import data/sample into ./wangge-demo.gpkg, serve it at http://127.0.0.1:8080
	@tools/setup build
	$(cargo) build --release
	@exec target/release/wangge demo --listen $(LISTEN)

test: ## every test: Rust, other programs reading our files, a browser using the page
	@tools/setup build clients web
	$(cargo) build --release
	$(cargo) test --release
	.venv/bin/python -m pytest -q tests/clients
	cd web && npm run --silent build && git diff --exit-code --stat -- dist
	cd web && npm test

bench: ## the benches, with ratios to the obvious way of doing it
	@tools/setup build
	$(cargo) bench

# `fuzz/seeds/*.tar.gz` is what earlier runs found, thinned to the inputs that reach the same branches.
# The fuzzing instrumentation is a compiler feature that stable only has under RUSTC_BOOTSTRAP; no sanitizer, so no nightly is needed.
fuzz: ## bytes from nobody at the parsers, FUZZ_SECONDS (60) for each; stops at what breaks one, and keeps it in fuzz/artifacts
	@tools/setup build
	cd fuzz && RUSTC_BOOTSTRAP=1 $(cargo) build --release
	@for target in paste table objects words; do \
	  mkdir -p fuzz/corpus/$$target fuzz/artifacts/$$target; echo "fuzz: $$target, $(FUZZ_SECONDS) s"; \
	  [ ! -f fuzz/seeds/$$target.tar.gz ] || tar -xzf fuzz/seeds/$$target.tar.gz -C fuzz/corpus/$$target; \
	  fuzz/target/release/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=4096 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=fuzz/artifacts/$$target/ fuzz/corpus/$$target fuzz/seeds/$$target || exit 1; \
	done

peers: ## install other programs that locate points, keep a topology, make tiles or parse addresses, compare with them, write docs/COMPARE.md
	@tools/setup build peers
	$(cargo) bench --bench peers -- everyone
	$(cargo) run --release --example addresses -- target/addresses
	.venv/bin/python tests/addresses/peers/compare.py target/addresses/addresses.csv

lint: ## formatting, clippy, types of the page, licences and bans
	@tools/setup build web deny
	$(cargo) fmt --check
	$(cargo) clippy --all-targets -- -D warnings
	cargo deny --locked check bans licenses sources
	cd web && npm run --silent check

data: ## write data/sample anew; the same bytes every time
	@tools/setup build
	$(cargo) run --release --example sample -- data/sample
	git diff --stat --exit-code -- data/sample

setup: ## install everything that any of these needs
	@tools/setup build clients web
