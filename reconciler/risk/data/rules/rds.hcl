# Databases.

rule "aws_db_instance" "instance_class" {
  risk   = "interruption"
  en     = "{before} → {after} restarts the database, some ten minutes; Multi-AZ about one"
  ja     = "{before} → {after} でデータベースが再起動します。10 分ほど、マルチ AZ では 1 分ほどです"
  source = "A RDS API ModifyDBInstance, DBInstanceClass: an outage"
}
