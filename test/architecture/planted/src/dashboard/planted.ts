import "../store/store.ts";
