package awstest

// containers adds the RunTask of ECS, at which moto fails. The task is accepted, and nothing
// runs ("RunTask", Amazon ECS API Reference).
type containers struct {
	others serializer
}

func (s *containers) serve(c *call, moto func(*call) *response) *response {
	if c.operation != "RunTask" {
		return s.others.serve(c, moto)
	}
	in := c.bodyObject()
	if asString(in["taskDefinition"]) == "" {
		return c.errorResponse("InvalidParameterException", "a task has a definition")
	}
	return jsonResponse(map[string]any{"failures": []any{}, "tasks": []any{map[string]any{
		"taskArn":           "arn:aws:ecs:" + c.region + ":" + c.account + ":task/" + asString(in["cluster"]) + "/" + newID(),
		"taskDefinitionArn": in["taskDefinition"], "lastStatus": "PROVISIONING", "overrides": in["overrides"],
	}}})
}
