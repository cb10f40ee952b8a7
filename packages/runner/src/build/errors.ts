import { MicroError, type Place } from '@microts/core/base'

/** One thing that the bundler cannot make sense of. */
export interface BuildProblem {
  readonly text: string
  readonly place?: Place
  /** The source line that `place` is in. */
  readonly lineText?: string
}

/** The failures of building services. */
export const buildErrors = {
  /** `problems` has at least one. */
  failed: (service: string, problems: readonly BuildProblem[], cause: unknown) => {
    const [first] = problems as readonly [BuildProblem]
    const missing = /^Could not resolve "([^."/][^"]*)"/.exec(first.text)?.[1]
    return new MicroError(
      'invalid_argument',
      `Cannot build "${service}": ${first.text}${first.lineText === undefined ? '' : `: ${first.lineText.trim()}`}`,
      {
        reason: 'BUILD_FAILED',
        ...(missing !== undefined && { hint: `Type: npm install ${packageOf(missing)}` }),
        ...(first.place !== undefined && { place: first.place }),
        details: { service, problems },
        cause,
      },
    )
  },

  manifestMissesPlugin: (file: string, kind: string, name: string) =>
    new MicroError('failed_precondition', `Cannot use the plugin ${kind}/${name}: its manifest ${file} does not have it`, {
      reason: 'PLUGIN_NOT_IN_MANIFEST',
      hint: `Type: npm install @microts/${kind}-${name}@latest`,
      place: { file },
    }),

  pluginsNotImported: (service: string, main: string, plugins: readonly string[]) =>
    new MicroError('failed_precondition', `Cannot add ${plugins.join(', ')} to "${service}": its main.ts does not import ./plugins.js`, {
      reason: 'PLUGINS_NOT_IMPORTED',
      hint: "Add to it: import { plugins } from './plugins.js', and hand them over: run({ plugins })",
      place: { file: main },
    }),

  noMain: (service: string, folder: string) =>
    new MicroError('invalid_argument', `Cannot build "${service}": there is no main.ts in ${folder}`, {
      reason: 'NO_MAIN',
      hint: `Type: micro new ${service}`,
    }),
}

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
