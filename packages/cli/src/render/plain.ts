// C0 and C1, and what turns the direction of a line around.
// eslint-disable-next-line no-control-regex -- these are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A stranger's text as it may be shown: what a terminal would obey is spelt out, `\u{1b}`, so that nothing can pass for what we say. */
export function plain(text: string): string {
  return text.replaceAll(control, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
