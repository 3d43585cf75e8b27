/** The same answer for the same object, found once: for what never changes and is asked for again and again. */
export function remember<Key extends object, Answer>(find: (key: Key) => Answer): (key: Key) => Answer {
  const found = new WeakMap<Key, { readonly answer: Answer }>()
  return (key) => {
    const known = found.get(key)
    if (known) return known.answer
    const answer = find(key)
    found.set(key, { answer })
    return answer
  }
}
