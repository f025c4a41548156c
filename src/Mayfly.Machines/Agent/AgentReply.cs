using System.Text.Json.Serialization;

namespace Mayfly.Machines.Agent;

/// <summary>What the agent answers: any number of <see cref="ProgressReply"/>, then one of the others.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(HelloReply), "hello")]
[JsonDerivedType(typeof(ProgressReply), "progress")]
[JsonDerivedType(typeof(FailedReply), "failed")]
[JsonDerivedType(typeof(DoneReply), "done")]
[JsonDerivedType(typeof(InstancesReply), "instances")]
[JsonDerivedType(typeof(InstanceReply), "instance")]
[JsonDerivedType(typeof(GenerationReply), "generation")]
[JsonDerivedType(typeof(CommandReply), "command")]
internal abstract record AgentReply
{
    /// <summary>The request's.</summary>
    public int Id { get; init; }
}

/// <param name="Protocol">What this agent speaks.</param>
/// <param name="Identity">The hash that names its copy in the store.</param>
/// <param name="ProcessId">The agent's process.</param>
/// <param name="Store">The store that it works with.</param>
internal sealed record HelloReply(int Protocol, string Identity, int ProcessId, string Store) : AgentReply;

internal sealed record ProgressReply(Activity Activity) : AgentReply;

/// <param name="Message">What failed and why.</param>
/// <param name="Hint">What to do next.</param>
/// <param name="Bug">The stack trace, when it is not an expected failure.</param>
internal sealed record FailedReply(string Message, string? Hint, string? Bug = null) : AgentReply;

internal sealed record DoneReply : AgentReply;

internal sealed record InstancesReply(IReadOnlyList<InstanceState> Instances) : AgentReply;

internal sealed record InstanceReply(InstanceState Instance) : AgentReply;

internal sealed record GenerationReply(Generation? Generation) : AgentReply;

internal sealed record CommandReply(CommandResult Result) : AgentReply;
