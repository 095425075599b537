package awstest

import (
	"net/http"
	"strings"
	"sync"
)

// backups adds what moto lacks of AWS Backup: notifications of a vault's events, and
// selections (AWS Backup Developer Guide, API reference: PutBackupVaultNotifications,
// CreateBackupSelection and related operations).
type backups struct {
	mu            sync.Mutex
	notifications map[string]map[string]any // by Region and vault
	selections    map[string]map[string]any // by Region, plan and id
}

func newBackups() *backups {
	return &backups{notifications: map[string]map[string]any{}, selections: map[string]map[string]any{}}
}

func (b *backups) serve(c *call, moto func(*call) *response) *response {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := strings.Split(strings.Trim(c.path, "/"), "/")
	switch {
	case len(parts) == 3 && parts[0] == "backup-vaults" && parts[2] == "notification-configuration":
		return b.serveNotification(c, parts[1])
	case len(parts) >= 4 && parts[1] == "plans" && parts[3] == "selections":
		return b.serveSelection(c, c.region+"/"+parts[2], parts[4:])
	case parts[0] == "tags" && c.method == http.MethodGet && !strings.HasSuffix(c.path, "/"):
		// moto needs a slash at the end here, which the SDK does not send.
		motoCall := *c
		motoCall.path += "/"
		return moto(&motoCall)
	}
	return moto(c)
}

func (b *backups) serveNotification(c *call, vault string) *response {
	key := c.region + "/" + vault
	switch c.method {
	case http.MethodPut:
		b.notifications[key] = c.bodyObject()
		b.notifications[key]["BackupVaultName"] = vault
	case http.MethodDelete:
		delete(b.notifications, key)
		return jsonResponse(map[string]any{})
	}
	if b.notifications[key] == nil {
		return c.errorResponse("ResourceNotFoundException", "vault %s has no notifications", vault)
	}
	return jsonResponse(b.notifications[key])
}

func (b *backups) serveSelection(c *call, plan string, rest []string) *response {
	if c.method == http.MethodPut {
		selectionID := newID()
		b.selections[plan+"/"+selectionID] = c.bodyObject()
		return jsonResponse(map[string]any{"SelectionId": selectionID, "BackupPlanId": plan[strings.LastIndex(plan, "/")+1:]})
	}
	if len(rest) != 1 || b.selections[plan+"/"+rest[0]] == nil {
		return c.errorResponse("ResourceNotFoundException", "there is no selection %v of %s", rest, plan)
	}
	if c.method == http.MethodDelete {
		delete(b.selections, plan+"/"+rest[0])
		return jsonResponse(map[string]any{})
	}
	return jsonResponse(map[string]any{"BackupSelection": b.selections[plan+"/"+rest[0]]["BackupSelection"], "SelectionId": rest[0]})
}
