import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { transportSuite } from './conformance.js'
import { httpTransport } from './http.js'

conformance(test, transportSuite, { create: () => httpTransport(), peer: () => httpTransport() })
