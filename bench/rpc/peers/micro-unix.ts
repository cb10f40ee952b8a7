import { isPayload, ours } from '../ours.js'

export const peer = ours({ over: 'any', accepts: isPayload })
