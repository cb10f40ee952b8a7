const kibibyte = 1024

/** A number of bytes for people: `812 B`, `40 KiB`, `1.2 MiB`. */
export function renderBytes(bytes: number): string {
  if (bytes < kibibyte) return `${bytes} B`
  if (bytes < kibibyte * kibibyte) return `${Math.round(bytes / kibibyte)} KiB`
  return `${(bytes / kibibyte / kibibyte).toFixed(1)} MiB`
}
