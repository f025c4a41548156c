return await Mayfly.Machines.Agent.AgentProgram.RunAsync(args);
