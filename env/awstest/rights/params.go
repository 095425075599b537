package rights

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// params are the parameters of a call in any protocol: maps by name, lists, and strings.
type params struct{ tree map[string]any }

// parseParams reads the parameters in a call's body and query.
func parseParams(c Call) params {
	s := params{map[string]any{}}
	for name, values := range c.Query {
		s.tree[name] = values[0]
	}
	switch body := bytes.TrimSpace(c.Body); {
	case strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			break // without parameters
		}
		for name, values := range form {
			setParam(s.tree, strings.Split(name, "."), values[0])
		}
	case c.Service == "s3" && bytes.HasPrefix(body, []byte("{")): // an object or a policy, not parameters
	case bytes.HasPrefix(body, []byte("{")):
		_ = json.Unmarshal(body, &s.tree) // on an error: without parameters
	case bytes.HasPrefix(body, []byte("<")):
		d := xml.NewDecoder(bytes.NewReader(body))
		if tree, ok := parseElement(d).(map[string]any); ok {
			for name, v := range tree {
				s.tree[name] = v
			}
		}
	}
	return s
}

// setParam sets a parameter of the Query protocol; its name is a path.
func setParam(tree map[string]any, path []string, value string) {
	for _, step := range path[:len(path)-1] {
		next, ok := tree[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[step] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = value
}

// parseElement reads XML to the end of the current element. It returns the text, or the
// child elements in one list per name.
func parseElement(d *xml.Decoder) any {
	inner, text := map[string]any{}, ""
	for {
		token, err := d.Token()
		if err != nil {
			return inner
		}
		switch t := token.(type) {
		case xml.StartElement:
			list, _ := inner[t.Name.Local].([]any)
			inner[t.Name.Local] = append(list, parseElement(d))
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			if len(inner) == 0 {
				return strings.TrimSpace(text)
			}
			return inner
		}
	}
}

// walk calls do for each string, with the names that lead to it.
func (s params) walk(do func(path []string, value string)) { walkTree(s.tree, nil, do) }

func walkTree(v any, path []string, do func([]string, string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			walkTree(inner, append(slices.Clone(path), name), do)
		}
	case []any:
		for _, inner := range v {
			walkTree(inner, path, do)
		}
	case nil:
	default:
		do(path, fmt.Sprint(v))
	}
}

// listIndex matches the names of list items in the Query protocol.
var listIndex = regexp.MustCompile(`^(\d+|member|entry)$`)

// values returns the values of a parameter at any depth, sorted.
func (s params) values(parameter string) (found []string) {
	s.walk(func(path []string, value string) {
		named := slices.DeleteFunc(slices.Clone(path), listIndex.MatchString)
		if len(named) > 0 && strings.EqualFold(named[len(named)-1], parameter) && value != "" {
			found = append(found, value)
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// value returns the first value of a parameter, or "".
func (s params) value(parameter string) string {
	return append(s.values(parameter), "")[0]
}

// memberValues returns the values of parameter directly inside objects named parent. It
// is for parameter names that many objects have.
func (s params) memberValues(parent, parameter string) (found []string) {
	s.walk(func(path []string, value string) {
		if n := len(path); n > 1 && path[n-1] == parameter && path[n-2] == parent {
			found = append(found, value)
		}
	})
	return found
}

// allValues returns all strings, sorted.
func (s params) allValues() (found []string) {
	s.walk(func(_ []string, value string) { found = append(found, value) })
	slices.Sort(found)
	return slices.Compact(found)
}

// tags returns the tags that the call sets, by key. They are lists of keys and values,
// or a map.
func (s params) tags() map[string]string {
	tags := map[string]string{}
	findTags(s.tree, "", tags)
	return tags
}

func findTags(v any, name string, tags map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		key, value := memberOf(v, "Key"), memberOf(v, "Value")
		if key != "" {
			tags[key] = value
			return
		}
		for inner, item := range v {
			// These tags are set at launch, not by this call.
			if strings.HasPrefix(inner, "LaunchTemplateData") {
				continue
			}
			if text, ok := item.(string); ok && strings.HasSuffix(strings.ToLower(name), "tags") && !listIndex.MatchString(inner) {
				tags[inner] = text
			}
			findTags(item, inner, tags)
		}
	case []any:
		for _, item := range v {
			findTags(item, name, tags)
		}
	}
}

// memberOf returns a string member of a map; upper and lower case are equal. In XML the
// member is a list of one.
func memberOf(m map[string]any, name string) string {
	for got, v := range m {
		if !strings.EqualFold(got, name) {
			continue
		}
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		text, _ := v.(string)
		return text
	}
	return ""
}
