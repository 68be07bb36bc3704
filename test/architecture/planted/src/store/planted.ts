import "../operations/registry.ts";
