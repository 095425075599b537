# Servers, groups of servers, containers, functions.

rule "aws_instance" "stopped" {
  paths  = ["instance_type", "user_data", "user_data_base64", "ebs_optimized", "cpu_options", "cpu_core_count", "hibernation"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} stops the server and starts it again, some minutes; an instance store is lost"
  ja     = "{path}: {before} → {after} でサーバーが停止して起動し直します。数分かかり、インスタンスストアは失われます"
  source = "D instance, instance_type and user_data: stop/start"
}

rule "aws_instance" "disable_api_termination" {
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "takes the termination protection off: the next change can destroy the server with its disks"
  ja     = "終了保護を外します。次の変更でサーバーをディスクごと削除できるようになります"
  source = "A EC2 API ModifyInstanceAttribute, DisableApiTermination"
}

rule "aws_instance" "delete_on_termination" {
  paths  = ["root_block_device.*.delete_on_termination", "ebs_block_device.*.delete_on_termination"]
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "the disk will be deleted together with the server"
  ja     = "サーバーを削除すると、ディスクも一緒に削除されるようになります"
  source = "D instance, root_block_device"
}

rule "aws_ec2_instance_state" "state" {
  when   = after != "running"
  on     = ["update", "create"]
  paths  = ["state"]
  risk   = "interruption"
  en     = "stops the server"
  ja     = "サーバーを停止します"
  source = "D ec2_instance_state"
}

rule "aws_rds_instance_state" "state" {
  when   = after != "available"
  on     = ["update", "create"]
  risk   = "interruption"
  en     = "stops the database"
  ja     = "データベースを停止します"
  source = "D rds_instance_state"
}

rule "aws_ebs_volume" "size" {
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{before} → {after} GiB: AWS refuses to shrink a volume, so the apply stops there"
  ja     = "{before} → {after} GiB: AWS はボリュームの縮小を拒否するため、適用はここで止まります"
  source = "A EC2 API ModifyVolume, Size"
}

rule "aws_autoscaling_group" "shrunk" {
  paths  = ["max_size", "desired_capacity", "min_size"]
  when   = num(after, num(before, 1)) < num(before, 1)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: servers of the group are terminated, or may be"
  ja     = "{path}: {before} → {after}: グループのサーバーが終了するか、終了しうる状態になります"
  source = "A Auto Scaling API UpdateAutoScalingGroup, MaxSize, DesiredCapacity"
}

rule "aws_autoscaling_group" "vpc_zone_identifier" {
  paths  = ["vpc_zone_identifier", "availability_zones"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "the group leaves a subnet: its servers there are terminated and replaced elsewhere"
  ja     = "グループがサブネットから外れ、そこのサーバーは終了し、ほかの場所で再作成されます"
  source = "A Auto Scaling guide, rebalancing"
}

rule "aws_autoscaling_group" "target_group_arns" {
  paths  = ["target_group_arns", "load_balancers", "traffic_source"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "the group leaves a target group: its servers get no more traffic from there"
  ja     = "グループがターゲットグループから外れ、そこからの通信が届かなくなります"
  source = "A Auto Scaling API DetachLoadBalancerTargetGroups"
}

rule "aws_autoscaling_group" "launch_template" {
  paths  = ["launch_template", "launch_configuration", "mixed_instances_policy"]
  when   = length(new("instance_refresh")) > 0
  risk   = "interruption"
  en     = "starts an instance refresh: the servers are replaced one part after another"
  ja     = "インスタンスの更新を開始し、サーバーを一部ずつ入れ替えます"
  source = "D autoscaling_group, instance_refresh"
}

rule "aws_autoscaling_group" "health_check" {
  paths  = ["health_check_type", "health_check_grace_period"]
  when   = after == "ELB" || num(after, 300) < num(before, 300)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: servers that were left alone can be terminated as unhealthy"
  ja     = "{path}: {before} → {after}: これまで残っていたサーバーが、異常として終了することがあります"
  source = "A Auto Scaling guide, health checks"
}

rule "aws_autoscaling_group" "protection" {
  paths  = ["protect_from_scale_in", "force_delete"]
  risk   = "interruption"
  guard  = true
  en     = "{path}: {before} → {after} changes when servers of the group are terminated"
  ja     = "{path}: {before} → {after} により、グループのサーバーが終了する条件が変わります"
  source = "D autoscaling_group"
}

note "aws_autoscaling_group" "refresh" {
  paths  = ["launch_template", "launch_configuration", "mixed_instances_policy"]
  when   = length(new("instance_refresh")) > 0
  en     = "The apply does not wait for the refresh; it goes on after the success is reported"
  ja     = "適用は入れ替えの完了を待ちません。成功が報告された後も続きます"
  source = "D autoscaling_group, instance_refresh: Terraform does not wait"
}

note "aws_launch_template" "later" {
  paths  = ["image_id", "instance_type", "user_data", "block_device_mappings", "network_interfaces", "metadata_options", "iam_instance_profile", "key_name", "vpc_security_group_ids"]
  en     = "Servers that run stay as they are until their group replaces them"
  ja     = "稼働中のサーバーは、グループが入れ替えるまで変わりません"
  source = "A EC2 guide, launch templates"
}

rule "aws_autoscaling_schedule" "shrinks" {
  paths  = ["min_size", "max_size", "desired_capacity"]
  when   = num(after, -1) >= 0 && (num(before, -1) < 0 || num(after, 0) < num(before, 0))
  risk   = "interruption"
  en     = "{path}: {before} → {after}: the schedule can terminate servers"
  ja     = "{path}: {before} → {after}: スケジュールによりサーバーが終了することがあります"
  source = "A Auto Scaling API PutScheduledUpdateGroupAction"
}

rule "aws_autoscaling_schedule" "create_zero" {
  on     = ["create"]
  when   = num(new("desired_capacity"), -1) == 0 || num(new("max_size"), -1) == 0
  risk   = "interruption"
  en     = "the schedule stops all servers of the group: {new.recurrence}"
  ja     = "スケジュールにより、グループのすべてのサーバーが止まります: {new.recurrence}"
  source = "A Auto Scaling API PutScheduledUpdateGroupAction"
}

rule "aws_appautoscaling_scheduled_action" "create_zero" {
  on     = ["create"]
  paths  = ["scalable_target_action"]
  when   = num(new("scalable_target_action.0.max_capacity"), -1) == 0
  risk   = "interruption"
  en     = "takes the target down to nothing at {new.schedule}"
  ja     = "{new.schedule} に対象を 0 にします"
  source = "A Application Auto Scaling API PutScheduledAction"
}

rule "aws_autoscaling_schedule" "recurrence" {
  paths  = ["recurrence", "time_zone", "start_time", "end_time"]
  when   = num(new("desired_capacity"), -1) == 0 || num(new("max_size"), -1) == 0
  risk   = "interruption"
  en     = "the group's servers stop at another time: {before} → {after}"
  ja     = "グループのサーバーが止まる時刻が変わります: {before} → {after}"
  source = "A Auto Scaling API PutScheduledUpdateGroupAction"
}

rule "aws_appautoscaling_target" "shrunk" {
  paths  = ["min_capacity", "max_capacity"]
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: running copies may be ended"
  ja     = "{path}: {before} → {after}: 稼働中のタスクなどが終了することがあります"
  source = "A Application Auto Scaling API RegisterScalableTarget"
}

rule "aws_ecs_service" "desired_count" {
  when   = num(after, 0) < num(before, 1)
  risk   = "interruption"
  en     = "{before} → {after}: tasks of the service are stopped"
  ja     = "{before} → {after}: サービスのタスクが停止します"
  source = "A ECS API UpdateService, desiredCount"
}

rule "aws_ecs_service" "deployment" {
  paths  = ["load_balancer", "service_registries", "service_connect_configuration", "deployment_minimum_healthy_percent", "network_configuration", "deployment_controller", "capacity_provider_strategy", "launch_type", "platform_version"]
  risk   = "interruption"
  en     = "{path} changes: the tasks are replaced, or may be fewer meanwhile"
  ja     = "{path} が変わります。タスクが入れ替わり、その間少なくなることがあります"
  source = "A ECS API UpdateService: starts a new deployment"
}

note "aws_ecs_service" "rollout" {
  paths  = ["task_definition", "load_balancer", "network_configuration"]
  when   = !isset(new("wait_for_steady_state"))
  en     = "The apply does not wait for the new tasks"
  ja     = "適用は新しいタスクの起動を待ちません"
  source = "D ecs_service, wait_for_steady_state"
}

rule "aws_lambda_function" "concurrency" {
  paths  = ["reserved_concurrent_executions"]
  when   = num(after, -1) >= 0 && (num(before, -1) < 0 || num(after, -1) < num(before, -1))
  risk   = "interruption"
  en     = "{before} → {after}: calls beyond {after} at a time are refused"
  ja     = "{before} → {after}: 同時に {after} 件を超える呼び出しは拒否されます"
  source = "A Lambda API PutFunctionConcurrency"
}

rule "aws_lambda_function" "limits" {
  paths  = ["timeout", "memory_size"]
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: calls that need more fail"
  ja     = "{path}: {before} → {after}: これより多く必要な呼び出しは失敗します"
  source = "A Lambda API UpdateFunctionConfiguration"
}

rule "aws_lambda_event_source_mapping" "enabled" {
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "the function gets no more events from this source"
  ja     = "この入力元からのイベントが関数に届かなくなります"
  source = "A Lambda API UpdateEventSourceMapping, Enabled"
}

rule "aws_lambda_alias" "routing" {
  paths  = ["function_version", "routing_config"]
  risk   = "interruption"
  en     = "calls go to another version: {path}: {before} → {after}"
  ja     = "呼び出しが別のバージョンに送られます。{path}: {before} → {after}"
  source = "A Lambda API UpdateAlias"
}

rule "aws_lambda_invocation" "runs" {
  on     = ["create", "update", "replace"]
  paths  = ["input"]
  risk   = "interruption"
  en     = "calls the function {new.function_name}; what it does cannot be read from the plan"
  ja     = "関数 {new.function_name} を呼び出します。その内容はプランからは読み取れません"
  source = "D lambda_invocation"
}

rule "aws_scheduler_schedule" "state" {
  types  = ["aws_cloudwatch_event_rule"]
  paths  = ["state", "is_enabled"]
  when   = after != "ENABLED" && after != true && after != "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  risk   = "interruption"
  en     = "the schedule is disabled: what it starts does not run any more"
  ja     = "スケジュールを無効にします。起動していた処理は動かなくなります"
  source = "A EventBridge Scheduler API UpdateSchedule, State"
}

rule "aws_scheduler_schedule" "create_stops" {
  on     = ["create", "update"]
  paths  = ["target.*.arn", "target.0.arn"]
  when   = stops(new("target.0.arn"))
  risk   = "interruption"
  en     = "the schedule stops or deletes something each time: {new.target.0.arn}"
  ja     = "スケジュールのたびに何かを停止または削除します: {new.target.0.arn}"
  source = "A EventBridge Scheduler guide, universal targets"
}

rule "aws_instance" "metadata" {
  paths  = ["metadata_options.*.http_endpoint", "metadata_options.*.http_tokens", "metadata_options.*.http_put_response_hop_limit"]
  when   = str(after, "") == "disabled" || str(after, "") == "required" || num(after, 1) < num(before, 1)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: programs on the server that ask for credentials in the old way get none"
  ja     = "{path}: {before} → {after}: これまでの方法で認証情報を取得するサーバー上のプログラムは、取得できなくなります"
  source = "A EC2 API ModifyInstanceMetadataOptions: in force at once"
}

rule "aws_instance" "profile" {
  paths  = ["iam_instance_profile"]
  when   = isset(before)
  risk   = "interruption"
  en     = "the server acts with the profile {after}, no longer with {before}: what only that one allows is refused"
  ja     = "サーバーは {before} ではなくプロファイル {after} で動きます。これまでのものだけが許可していた操作は拒否されます"
  source = "A EC2 API ReplaceIamInstanceProfileAssociation"
}

rule "aws_instance" "source_dest_check" {
  types  = ["aws_network_interface"]
  when   = isset(after) && !isset(before)
  risk   = "interruption"
  en     = "traffic for other addresses than its own is dropped: a router, a firewall or a NAT server stops to forward"
  ja     = "自身のアドレス宛て以外の通信を通さなくなります。ルーター、ファイアウォール、NAT サーバーとしての転送は止まります"
  source = "A EC2 API ModifyInstanceAttribute, SourceDestCheck"
}

rule "aws_instance" "shutdown" {
  paths  = ["instance_initiated_shutdown_behavior"]
  when   = str(after, "") == "terminate" && str(before, "") != "terminate"
  risk   = "loss"
  guard  = true
  en     = "a shutdown from inside destroys the server with its disks from now on"
  ja     = "今後はサーバー内からのシャットダウンで、サーバーがディスクごと削除されます"
  source = "A EC2 API ModifyInstanceAttribute, InstanceInitiatedShutdownBehavior"
}

rule "aws_autoscaling_group" "suspended_processes" {
  risk   = "interruption"
  guard  = true
  en     = "{before} → {after}: the group starts, replaces or terminates other servers than before"
  ja     = "{before} → {after}: グループが起動、交換、終了するサーバーが変わります"
  source = "A Auto Scaling guide, suspend and resume processes"
}

rule "aws_autoscaling_group" "max_instance_lifetime" {
  when   = num(after, 0) > 0 && (num(before, 0) == 0 || num(after, 0) < num(before, 0))
  risk   = "interruption"
  en     = "{before} → {after} seconds: servers that run longer are replaced at once"
  ja     = "{before} → {after} 秒: これより長く動いているサーバーは、すぐに入れ替えられます"
  source = "A Auto Scaling API UpdateAutoScalingGroup, MaxInstanceLifetime"
}

rule "aws_appautoscaling_scheduled_action" "shrinks" {
  paths  = ["scalable_target_action.*.min_capacity", "scalable_target_action.*.max_capacity"]
  when   = num(after, -1) >= 0 && (num(before, -1) < 0 || num(after, 0) < num(before, 0))
  risk   = "interruption"
  en     = "{path}: {before} → {after}: the schedule can end running copies"
  ja     = "{path}: {before} → {after}: スケジュールにより、稼働中のタスクなどが終了することがあります"
  source = "A Application Auto Scaling API PutScheduledAction"
}

rule "aws_lambda_function" "role" {
  risk   = "interruption"
  en     = "the function acts as {after}, no longer as {before}: what only that one may do is refused"
  ja     = "関数は {before} ではなく {after} として動きます。これまでのロールだけに許可されていた操作は拒否されます"
  source = "A Lambda API UpdateFunctionConfiguration, Role"
}

rule "aws_lambda_function" "vpc_config" {
  when   = removes(old("vpc_config.0.subnet_ids"), new("vpc_config.0.subnet_ids")) || removes(old("vpc_config.0.security_group_ids"), new("vpc_config.0.security_group_ids"))
  risk   = "interruption"
  en     = "the function leaves a subnet or a security group: it does not reach what only they admit"
  ja     = "関数がサブネットかセキュリティグループから外れ、それだけが許可していた先に届かなくなります"
  source = "A Lambda API UpdateFunctionConfiguration, VpcConfig"
}
