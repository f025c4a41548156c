using Mayfly.Machines;

namespace Mayfly;

/// <summary>How Mayfly tells that a component does its work. Nothing that depends on it starts before.</summary>
public static class Check
{
    /// <summary>The port accepts a connection.</summary>
    public static HealthCheck Tcp(int port) => new() { Kind = HealthCheckKind.Tcp, Port = port };

    /// <summary>A GET request is answered with 200 to 399.</summary>
    /// <param name="port">The port inside the instance.</param>
    /// <param name="path">The path to ask for.</param>
    public static HealthCheck Http(int port, string path = "/") => new() { Kind = HealthCheckKind.Http, Port = port, Path = path };

    /// <summary>A command inside the instance ends with exit code 0.</summary>
    public static HealthCheck Command(params string[] command) => new() { Kind = HealthCheckKind.Command, Command = command };

    /// <summary>The same check with more time to start.</summary>
    public static HealthCheck Within(this HealthCheck check, TimeSpan grace) => check with { Grace = grace };
}
