import { interfaceKinds, type SaidChoices } from '@microts/runner'
import type { Invocation, OptionSpec } from './command.js'

/** The options of every command that writes a service's `plugins.ts`. */
export const pluginOptions: readonly OptionSpec[] = [
  {
    flags: '--plugins <references>',
    description: 'what plugins.ts lists: broker/nats,./path; or none',
    isRepeated: true,
  },
  { flags: '--force', description: 'write over a plugins.ts that was edited' },
]

/** One option an interface, `--broker nats`. The help shows one of them, which tells of the others. */
export const interfaceOptions: readonly OptionSpec[] = interfaceKinds.map((kind) =>
  kind === 'broker'
    ? { flags: '--broker <name>', description: 'the broker to use; there is one for each interface' }
    : { flags: `--${kind} <name>`, description: `the ${kind} to use`, isHidden: true },
)

/** What {@link pluginOptions} say. */
export function pluginsFrom(options: Invocation['options']): { readonly plugins?: readonly string[]; readonly force?: boolean } {
  const plugins = options['plugins'] as readonly string[] | undefined
  return { ...(plugins !== undefined && { plugins }), ...(options['force'] === true && { force: true }) }
}

/** What {@link interfaceOptions} say. */
export function saidBy(options: Invocation['options']): SaidChoices {
  return new Map(
    interfaceKinds.flatMap((kind) => {
      const name = options[kind]
      return typeof name === 'string' ? [[kind, { name, why: `--${kind}` }] as const] : []
    }),
  )
}
