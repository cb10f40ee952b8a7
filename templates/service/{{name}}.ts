import { createService, endpoint } from '@microts/core'
import { z } from 'zod'

export const {{variable}} = createService({
  name: '{{name}}',
  version: '0.1.0',
  endpoints: {
    '{{Handler}}.Hello': endpoint(
      { input: z.object({ name: z.string().min(1) }), output: z.object({ message: z.string() }) },
      ({ name }, { log }) => {
        log.info({ name }, 'said hello')
        return { message: `Hello, ${name}` }
      },
    ),
  },
})
