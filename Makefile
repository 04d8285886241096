# `make demo` and `make test` need Rust and make, nothing else.
# `make acceptance` and `make bench` need python3 too.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
LDIFIX := $(TARGET)/release/ldifix
DEMO := corpus/contoso.ldif
DEMO_CONFIG := corpus/contoso.toml

.PHONY: build demo test acceptance bench lint

build:
	$(CARGO) build --release

# Shows each command, then what it prints. Exit 1 is no failure here: it says that
# there are findings.
demo: build
	@set -eu; \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	PATH="$$(cd $(dir $(LDIFIX)) && pwd):$$PATH"; \
	cp $(DEMO) "$$folder/export.ldif"; cp $(DEMO_CONFIG) "$$folder/company.toml"; cd "$$folder"; \
	show() { printf '\n$$ %s\n' "$$*"; }; \
	findings() { show "$$@"; "$$@" || test $$? -eq 1; }; \
	into() { file=$$1; shift; show "$$* > $$file"; "$$@" > "$$file" || test $$? -eq 1; }; \
	into findings.txt ldifix check --config company.toml export.ldif; \
	show head -n 24 findings.txt; head -n 24 findings.txt; \
	findings ldifix fix --config company.toml export.ldif -o change.ldif -u undo.ldif --unsafe; \
	show "ldifix show change.ldif --base export.ldif | head -n 24"; \
	ldifix show change.ldif --base export.ldif | head -n 24; \
	into after.ldif ldifix apply export.ldif change.ldif; \
	into left.txt ldifix check --config company.toml after.ldif; \
	into restored.ldif ldifix apply after.ldif undo.ldif; \
	show "ldifix fmt --wrap no export.ldif | sort > start; ldifix fmt --wrap no restored.ldif | sort > end; cmp start end"; \
	ldifix fmt --wrap no export.ldif | LC_ALL=C sort > start; \
	ldifix fmt --wrap no restored.ldif | LC_ALL=C sort > end; \
	cmp start end; \
	printf 'The undo restores every value: the two are the same.\n'

# Random tests try the same cases in each run; PROPTEST_RNG_SEED=N tries others.
test: export PROPTEST_RNG_SEED ?= 1
test:
	$(CARGO) test

# The install is tried and says what it did; what cannot run without it is reported
# by the acceptance itself.
acceptance: build
	-tests/servers/install
	tests/servers/accept --ldifix $(LDIFIX)

bench: build
	$(CARGO) bench
	python3 benches/compare.py --ldifix $(LDIFIX)

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps
