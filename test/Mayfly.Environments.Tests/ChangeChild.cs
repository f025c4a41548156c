using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>This very program as a command that installs one wheel into an environment.</summary>
internal static class ChangeChild
{
    private const string Variable = "MAYFLY_TEST_CHANGE";

    public static Process Start(string store, string root, string wheel, string sha256, bool compiles = false) =>
        Process.Start(new ProcessStartInfo(Path.ChangeExtension(typeof(ChangeChild).Assembly.Location, null))
        {
            Environment = { [Variable] = $"{store}\n{root}\n{wheel}\n{sha256}\n{compiles}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

#pragma warning disable CA2255 // The tests' program has no entry point of its own to begin in.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var store, var root, var wheel, var sha256, var compiles])
            return;
        var environment = VirtualEnvironment.Open(root);
        Console.Out.WriteLine("begins");
        environment.Change([.. UnpackedWheel.All(Store.Open(store), [(wheel, sha256)]).Select(one => WheelPlan.Of(one, environment.Interpreter, environment.Root, isRequested: true))], [], placement: new Placement { Compiles = bool.Parse(compiles) });
        Environment.Exit(0);
    }
}
