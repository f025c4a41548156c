using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>This very program as a command that installs one wheel into an environment.</summary>
internal static class ChangeChild
{
    private const string Variable = "MAYFLY_TEST_CHANGE";

    public static Process Start(string store, string root, string wheel, string sha256, Placement? placement = null, string? mask = null) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", mask is null ? "exec \"$0\"" : $"umask {mask} && exec \"$0\"", Path.ChangeExtension(typeof(ChangeChild).Assembly.Location, null)])
        {
            Environment = { [Variable] = $"{store}\n{root}\n{wheel}\n{sha256}\n{placement?.Compiles}\n{placement?.Links}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

#pragma warning disable CA2255 // The tests' program has no entry point of its own to begin in.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var store, var root, var wheel, var sha256, var compiles, var links])
            return;
        var environment = VirtualEnvironment.Open(root);
        Console.Out.WriteLine("begins");
        environment.Change([.. UnpackedWheel.All(Store.Open(store), [(wheel, sha256)]).Select(one => WheelPlan.Of(one, environment.Interpreter, environment.Root, isRequested: true))], [], placement: new Placement { Compiles = compiles == bool.TrueString, Links = links.Length > 0 ? Enum.Parse<LinkMode>(links) : null });
        Environment.Exit(0);
    }
}
