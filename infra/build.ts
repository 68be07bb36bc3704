/** `npm run build`: the bundle of the Worker as it is deployed, in `dist`. */
import { bundle, PROJECT_ROOT } from "./local/build.ts";

process.stdout.write(await bundle(PROJECT_ROOT, "dist"));
