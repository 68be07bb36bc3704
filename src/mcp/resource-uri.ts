/** The addresses of resources: `baton://runs/r12`, `baton://tasks/r12t3`, `baton://state/plans%2Fa`. */

export interface ResourceUri {
  readonly folder: string;
  /** Decoded. */
  readonly id: string;
}

/** Undefined for what is no address of ours. */
export function parseResourceUri(uri: string): ResourceUri | undefined {
  const [, folder, part] = /^baton:\/\/(\w+)\/(.+)$/.exec(uri) ?? [];
  const id = part === undefined ? undefined : decode(part);
  return folder === undefined || id === undefined ? undefined : { folder, id };
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
