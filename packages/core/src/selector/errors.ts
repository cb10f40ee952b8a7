import { MicroError } from '../base/index.js'

/** The failures of choosing a node, each made in one place. */
export const selectorErrors = {
  /** Nothing of that name lives now. Worth another try: a node may be on its way. */
  noNodes: (service: string) =>
    new MicroError('unavailable', `Cannot call "${service}": none of its nodes lives`, {
      reason: 'NO_NODES',
      hint: `Start it; \`micro services\` shows what lives now.`,
      details: { service },
    }),
}
