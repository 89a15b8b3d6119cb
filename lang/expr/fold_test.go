package expr

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// TestFoldASCII: letters in the other case at every place of a text, and nothing else
// changed.
func TestFoldASCII(t *testing.T) {
	for c := range 256 {
		for n := range 20 {
			for at := range n {
				b := bytes.Repeat([]byte{'-'}, n)
				b[at] = byte(c)
				for first, want := range map[byte][]byte{'a': bytes.ToUpper(b), 'A': bytes.ToLower(b)} {
					got := bytes.Clone(b)
					if ok := foldASCII(got, first); ok != (c < utf8.RuneSelf) || ok && !bytes.Equal(got, want) {
						t.Fatalf("%q from %c: %q, %t", b, first, got, ok)
					}
				}
			}
		}
	}
}
