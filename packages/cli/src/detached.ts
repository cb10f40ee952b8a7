/** Tells a `micro up` that it runs in the background, where nobody may be reading. */
export const detachedVariable = 'MICRO_DETACHED'
