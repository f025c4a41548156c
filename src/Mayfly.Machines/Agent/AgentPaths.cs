namespace Mayfly.Machines.Agent;

/// <summary>Where the agent of this host is found.</summary>
/// <param name="RunFolder">Gone after a reboot, as what runs is.</param>
internal sealed record AgentPaths(string RunFolder)
{
    public string Socket => Path.Combine(RunFolder, "agent.sock");

    /// <summary>Locked by the watchdog and the agent through one open file: it is free when both are gone.</summary>
    public string Lock => Path.Combine(RunFolder, "agent.lock");

    /// <summary>Locked by the command that starts an agent, for as long as it takes.</summary>
    public string LaunchLock => Path.Combine(RunFolder, "launch.lock");

    public string Log => Path.Combine(RunFolder, "agent.log");
}
