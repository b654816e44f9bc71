# fdfs: the front door. `make run` shows that it works, `make test` proves it.
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SOURCES := $(shell find cmd core conf -name '*.ts') package.json

.PHONY: help run build dist test check interop sim bench clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: dist/fdfs ## build, start a tracker and a storage on loopback, upload, download, compare, stop
	@npm run --silent demo

build: dist/fdfs ## compile dist/fdfs for this machine

dist: node_modules/.installed ## compile for Linux x64 and arm64, glibc and musl, with SHA256SUMS
	@npm run --silent dist

test: dist/fdfs ## checks, unit, end-to-end and client tests; needs no other software
	@npm run --silent test

check: node_modules/.installed ## types, lint, format, floors, dead exports
	@npm run --silent check

interop: dist/fdfs ## foreign clients and, with FDFS_PEER_BIN, the C programs
	@npm run --silent interop

SEEDS ?= 10000
sim: node_modules/.installed ## simulate a cluster through crashes and partitions, SEEDS=100000 for a night
	@npm run --silent sim -- --seeds $(SEEDS)

bench: dist/fdfs ## measure dist/fdfs and, with FDFS_PEER_BIN, the C servers beside it; ARGS="--only grid --write"
	@ulimit -n $$(ulimit -Hn) 2>/dev/null; npm run --silent bench -- $(ARGS)

clean: ## remove what was built
	rm -rf dist .cache

dist/fdfs: node_modules/.installed $(SOURCES)
	@npm run --silent build

node_modules/.installed: package.json package-lock.json
	@npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@
