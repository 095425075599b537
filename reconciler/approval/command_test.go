package approval_test

import (
	"reflect"
	"strings"
	"testing"

	"reconcile/reconciler/approval"
)

const (
	digits = "3f9c2a1b77d04e15"
	line   = "/approve tokyo " + digits
)

func TestFindCommands(t *testing.T) {
	t.Parallel()
	tokyo := []approval.Command{{Workspace: "tokyo", Digits: digits}}
	for name, c := range map[string]struct {
		text    string
		want    []approval.Command
		attempt bool
	}{
		"the line":                   {line, tokyo, false},
		"with an end":                {line + " \r\n", tokyo, false},
		"between lines":              {"Read it.\n" + line + "\nThanks", tokyo, false},
		"after a list":               {"- a\n- b\n" + line, tokyo, false},
		"a whole digest":             {line + strings.Repeat("0", 48), []approval.Command{{Workspace: "tokyo", Digits: digits + strings.Repeat("0", 48)}}, false},
		"a name with a space":        {"/approve to kyo/ap " + digits, []approval.Command{{Workspace: "to kyo/ap", Digits: digits}}, false},
		"names with marks":           {"/approve _a_*b* " + digits, []approval.Command{{Workspace: "_a_*b*", Digits: digits}}, false},
		"two":                        {line + "\n/approve osaka " + digits, []approval.Command{tokyo[0], {Workspace: "osaka", Digits: digits}}, false},
		"other code beside":          {"`x` is good\n" + line + "\n`y`, too", tokyo, false},
		"a quote before":             {"> " + line + "\n\n" + line, tokyo, false},
		"code before":                {"```\n" + line + "\n```\n" + line, tokyo, false},
		"notation's quote before":    {"{quote}\n" + line + "\n{/quote}\n" + line, tokyo, false},
		"no word of it":              {"Looks good", nil, false},
		"only the command's name":    {"I would /approve it", nil, false},
		"in a sentence":              {"Please " + line, nil, true},
		"in a sentence's end":        {line + ", please", nil, true},
		"a quote":                    {"> " + line, nil, true},
		"a quote goes on":            {"> Ann wrote\n" + line, nil, true},
		"code":                       {"`" + line + "`", nil, true},
		"code over lines":            {"`\n" + line + "\n`", nil, true},
		"two backticks over lines":   {"``\n" + line + "\n``", nil, true},
		"a code block":               {"```\n" + line + "\n```", nil, true},
		"a code block of tildes":     {"~~~\n" + line + "\n~~~", nil, true},
		"a code block without end":   {"```\n" + line, nil, true},
		"an indented code block":     {"    " + line, nil, true},
		"a space before":             {" " + line, nil, true},
		"a code block in a list":     {"- a\n\n      " + line, nil, true},
		"a comment of HTML":          {"<!--\n" + line + "\n-->", nil, true},
		"a comment in a paragraph":   {"text <!--\n" + line + "\n-->", nil, true},
		"HTML":                       {"<pre>\n" + line + "\n</pre>", nil, true},
		"a quote of HTML":            {"<blockquote>\n\n" + line + "\n\n</blockquote>", nil, true},
		"a quote of HTML, no end":    {"<blockquote>\n\n" + line, nil, true},
		"details":                    {"<details><summary>The plan</summary>\n\nAnn wrote\n" + line + "\n\n</details>", nil, true},
		"struck out":                 {"No: <del>\n" + line + "\n</del>", nil, true},
		"after a quote of HTML":      {"<blockquote>\n\nRead it\n\n</blockquote>\n\n" + line, tokyo, false},
		"too many tags":              {strings.Repeat("<br>\n\n", 1001) + line, nil, true},
		"many tags":                  {strings.Repeat("<br>\n\n", 999) + line, tokyo, false},
		"a name in brackets":         {"I read <tokyo>\n" + line, tokyo, false},
		"the text of an image":       {"![a\n" + line + "\n](x)", nil, true},
		"a heading":                  {"# " + line, nil, true},
		"notation's quote":           {"{quote}\n" + line + "\n{/quote}", nil, true},
		"notation's code":            {"{code:sh}\n" + line + "\n{/code}", nil, true},
		"notation's code, no end":    {"{code}\n" + line, nil, true},
		"fewer digits":               {line[:len(line)-1], nil, true},
		"capital digits":             {strings.ToUpper(line), nil, false},
		"no workspace":               {"/approve " + digits, nil, true},
		"no digits":                  {"/approve tokyo", nil, true},
		"too large":                  {strings.Repeat("x\n", 40_000) + line, nil, true},
		"another character as space": {"/approve\u00a0tokyo " + digits, nil, true},
	} {
		got, attempt := approval.FindCommands(c.text)
		if !reflect.DeepEqual(got, c.want) || attempt != c.attempt {
			t.Errorf("%s: %+v, %v", name, got, attempt)
		}
	}
}

// FuzzFindCommands: a command is a line of the comment, and as a quote, as code or as HTML the
// same comment has none.
func FuzzFindCommands(f *testing.F) {
	for _, text := range []string{line, "> a\n" + line, "`\n" + line, "```\n" + line, "{quote}\n" + line, "<!-- \n" + line, "a\n" + line + "\n\n" + line, "[\n" + line + "\n](a)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, comment string) {
		commands, attempt := approval.FindCommands(comment)
		if attempt && len(commands) > 0 {
			t.Error("it has a command, and is an attempt at one")
		}
		lines := "\n" + strings.ReplaceAll(comment, "\r\n", "\n") + "\n"
		for _, c := range commands {
			if !strings.Contains(lines, "\n"+c.String()) {
				t.Errorf("%q is no line", c)
			}
		}
		quoted := "> " + strings.NewReplacer("\n", "\n> ", "\r", "").Replace(comment)
		if commands, _ := approval.FindCommands(quoted); len(commands) > 0 {
			t.Errorf("a quote has %v", commands)
		}
		fence := strings.Repeat("`", 1+strings.Count(comment, "`")) + "``"
		if commands, _ := approval.FindCommands(fence + "\n" + comment + "\n" + fence); len(commands) > 0 {
			t.Errorf("code has %v", commands)
		}
	})
}
