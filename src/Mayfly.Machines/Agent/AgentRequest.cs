using System.Text.Json.Serialization;

namespace Mayfly.Machines.Agent;

/// <summary>
/// What a command asks of the agent: one line of JSON, <c>verb</c> first. Many requests share a connection, told apart by <see cref="Id"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "verb")]
[JsonDerivedType(typeof(HelloRequest), "hello")]
[JsonDerivedType(typeof(HandOverRequest), "hand-over")]
[JsonDerivedType(typeof(CancelRequest), "cancel")]
[JsonDerivedType(typeof(ListRequest), "list")]
[JsonDerivedType(typeof(ReadGenerationRequest), "read-generation")]
[JsonDerivedType(typeof(BeginRequest), "begin")]
[JsonDerivedType(typeof(StartRequest), "start")]
[JsonDerivedType(typeof(RunRequest), "run")]
[JsonDerivedType(typeof(StopRequest), "stop")]
[JsonDerivedType(typeof(SetNamesRequest), "set-names")]
[JsonDerivedType(typeof(CopyVolumesRequest), "copy-volumes")]
[JsonDerivedType(typeof(EndViewRequest), "end-view")]
[JsonDerivedType(typeof(CommitRequest), "commit")]
[JsonDerivedType(typeof(RemoveRequest), "remove")]
internal abstract record AgentRequest
{
    /// <summary>Chosen by the client; every reply carries it.</summary>
    public int Id { get; init; }
}

/// <summary>The first request of a connection. It never changes shape, so that any two versions understand each other this far.</summary>
internal sealed record HelloRequest : AgentRequest;

/// <summary>End with <see cref="AgentProgram.HandOverCode"/>, for the watchdog to start what is current now.</summary>
internal sealed record HandOverRequest : AgentRequest;

/// <summary>Nobody waits for that request any more.</summary>
internal sealed record CancelRequest(int Request) : AgentRequest;

internal sealed record ListRequest(string Stack) : AgentRequest;

internal sealed record ReadGenerationRequest(string Stack) : AgentRequest;

/// <summary>Wait until no other command changes the stack; then it is this connection's until that ends.</summary>
internal sealed record BeginRequest(string Stack) : AgentRequest;

internal sealed record StartRequest(InstanceSpec Instance, MachineSpec Machine, string View) : AgentRequest;

internal sealed record RunRequest(InstanceSpec Instance, MachineSpec Machine, string View) : AgentRequest;

internal sealed record StopRequest(string Instance, TimeSpan Drain) : AgentRequest;

internal sealed record SetNamesRequest(string Stack, string View, IReadOnlyList<string> Instances) : AgentRequest;

internal sealed record CopyVolumesRequest(string Stack, string View) : AgentRequest;

internal sealed record EndViewRequest(string Stack, string View) : AgentRequest;

internal sealed record CommitRequest(Generation Generation, IReadOnlyList<string> Instances) : AgentRequest;

internal sealed record RemoveRequest(string Stack, bool Volumes) : AgentRequest;
