/** Lets this process import `.lua` files as text, as the Worker's bundler does. Import it before whatever needs them. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

registerHooks({
  load: (url, context, nextLoad) => {
    if (!url.endsWith(".lua")) return nextLoad(url, context);
    const text = readFileSync(fileURLToPath(url), "utf8");
    return {
      format: "module",
      source: `export default ${JSON.stringify(text)};`,
      shortCircuit: true,
    };
  },
});
