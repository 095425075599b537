package backlogtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxCommentLength is the maximum length of a comment, in characters. Backlog's own limit
// is not documented: longer comments are refused here, so that no code relies on them.
const maxCommentLength = 20_000

// Comment is the current state of a comment.
type Comment struct {
	ID            int
	User          int
	Content       string
	NotifiedUsers []string // ids of the notified users
	Edits         int      // number of edits

	created, updated time.Time
}

func (c *Comment) toJSON() object {
	return object{
		"id": c.ID, "content": c.Content, "changeLog": []object{}, "createdUser": userOf(c.User),
		"created": timestamp(c.created), "updated": timestamp(c.updated), "stars": []object{}, "notifications": []object{},
	}
}

// Comments returns the comments on a pull request.
func (s *Server) Comments(number int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Comment
	for _, c := range s.findPullRequest(number).comments {
		list = append(list, *c)
	}
	return list
}

// AddComment comments on a pull request as the person who opens them.
func (s *Server) AddComment(number int, content string) { s.AddCommentBy(number, PersonID, content) }

// AddCommentBy comments on a pull request as a user, and returns the comment's id.
func (s *Server) AddCommentBy(number, user int, content string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.findPullRequest(number)
	c := &Comment{ID: s.nextID(), User: user, Content: content, created: s.Now(), updated: s.Now()}
	p.comments = append(p.comments, c)
	return c.ID
}

// DeleteComment deletes a comment, as its author or an administrator may.
func (s *Server) DeleteComment(number, id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.findPullRequest(number)
	p.comments = slices.DeleteFunc(p.comments, func(c *Comment) bool { return c.ID == id })
}

// newComment creates the comment of a request; it returns nil if it refuses the comment.
func (s *Server) newComment(w http.ResponseWriter, r *http.Request, field string) *Comment {
	content := r.Form.Get(field)
	if content == "" || utf8.RuneCountInString(content) > maxCommentLength {
		respondError(w, http.StatusBadRequest, field+" is empty or too long.", 7)
		return nil
	}
	return &Comment{ID: s.nextID(), User: BotID, Content: content, NotifiedUsers: r.Form["notifiedUserId[]"], created: s.Now(), updated: s.Now()}
}

func (s *Server) getComments(w http.ResponseWriter, r *http.Request, p *pullRequest) {
	minID, _ := strconv.Atoi(r.Form.Get("minId"))
	list := []object{}
	for i := range p.comments {
		c := p.comments[len(p.comments)-1-i] // by default, the newest first
		if r.Form.Get("order") == "asc" {
			c = p.comments[i]
		}
		if c.ID >= minID && len(list) < requestedCount(r) {
			list = append(list, c.toJSON())
		}
	}
	respond(w, list)
}

func (s *Server) postComment(w http.ResponseWriter, r *http.Request, p *pullRequest) {
	if c := s.newComment(w, r, "content"); c != nil {
		p.comments = append(p.comments, c)
		respondStatus(w, http.StatusCreated, c.toJSON())
	}
}

func (s *Server) patchComment(w http.ResponseWriter, r *http.Request, p *pullRequest) {
	for _, c := range p.comments {
		if strconv.Itoa(c.ID) != r.PathValue("id") {
			continue
		}
		edited := s.newComment(w, r, "content")
		switch {
		case edited == nil:
		case c.User != BotID:
			respondError(w, http.StatusForbidden, "Only one's own comments can be edited.", 11)
		default:
			c.Content, c.updated = edited.Content, s.Now()
			c.Edits++
			respond(w, c.toJSON())
		}
		return
	}
	respondError(w, http.StatusNotFound, "No such comment.", 6)
}
