package redact

// matcher finds all of a set of patterns in one pass over a text, whatever the patterns are:
// the automaton of Aho and Corasick. State 0 is its root.
type matcher struct {
	nodes []node
	root  [256]int32 // the root's children
}

type node struct {
	char           byte
	child, sibling int32 // 0: none
	fail           int32 // the longest proper suffix that begins a pattern
	depth          int32
	longest        int32 // length of the longest pattern that ends here; 0: none
}

func newMatcher(patterns []string) *matcher {
	m := &matcher{nodes: make([]node, 1)}
	for _, pattern := range patterns {
		m.insert(pattern)
	}
	// Each node comes after those that are less deep.
	var queue []int32
	for child := m.nodes[0].child; child != 0; child = m.nodes[child].sibling {
		queue = append(queue, child)
	}
	for i := 0; i < len(queue); i++ {
		parent := &m.nodes[queue[i]]
		parent.longest = max(parent.longest, m.nodes[parent.fail].longest)
		for child := parent.child; child != 0; child = m.nodes[child].sibling {
			m.nodes[child].fail = m.next(parent.fail, m.nodes[child].char)
			queue = append(queue, child)
		}
	}
	return m
}

func (m *matcher) insert(pattern string) {
	state := int32(0)
	for i := range len(pattern) {
		next := m.child(state, pattern[i])
		if next == 0 {
			next = int32(len(m.nodes))
			parent := &m.nodes[state]
			added := node{char: pattern[i], sibling: parent.child, depth: parent.depth + 1}
			parent.child = next
			m.nodes = append(m.nodes, added)
			if state == 0 {
				m.root[pattern[i]] = next
			}
		}
		state = next
	}
	m.nodes[state].longest = int32(len(pattern))
}

func (m *matcher) child(state int32, char byte) int32 {
	if state == 0 {
		return m.root[char]
	}
	child := m.nodes[state].child
	for child != 0 && m.nodes[child].char != char {
		child = m.nodes[child].sibling
	}
	return child
}

// next returns the state after one more character.
func (m *matcher) next(state int32, char byte) int32 {
	for {
		if child := m.child(state, char); child != 0 || state == 0 {
			return child
		}
		state = m.nodes[state].fail
	}
}
