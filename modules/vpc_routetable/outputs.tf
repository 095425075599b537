output "ids" {
  description = "Ids of the tables by name, known once their routes stand."
  value       = { for name, table in aws_route_table.this : name => table.id }

  depends_on = [aws_route.this]
}

output "routes" {
  description = "Range and target of each route by \"table route\"."
  value = { for name, route in local.routes : name => {
    cidr   = aws_route.this[name].destination_cidr_block
    target = one([for key, value in route : value if endswith(key, "_id") && value != null])
  } }
}
