using System.Net;

namespace Mayfly.Machines.Names;

/// <summary>An instance as names lead to it: <c>web</c> with its fellow replicas, <c>web-1</c> alone.</summary>
/// <param name="Component">The component's name, which is its host name in the stack's zone.</param>
/// <param name="Replica">Counts from 1.</param>
public sealed record NamedInstance(string Component, int Replica, IPAddress Address, IReadOnlyList<PortSpec> Ports);
