using System.Collections;
using Mayfly.Environments;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary>What is done for the next environment when this one is there: a process of its own, which nobody waits for, makes the copies that the next one takes (<see cref="PreparedCopy"/>).</summary>
internal static class Preparation
{
    /// <summary>The tool's own word for it; nobody types it.</summary>
    public const string Word = "prepare-copies";

    /// <summary>Begins it, where there is something to prepare and the user has not said otherwise.</summary>
    /// <param name="fetched">What came into an environment.</param>
    /// <param name="there">That environment.</param>
    public static void Begin(IReadOnlyList<WheelPlan> fetched, VirtualEnvironment there)
    {
        // What was asked for is done: nothing of this may say otherwise.
        try
        {
            if (Environment.GetEnvironmentVariable("MAYFLY_PREPARE") == "0" || PreparedCopy.Wanted(fetched.Select(static plan => plan.Wheel), there) is not { Count: > 0 } wanted || ToolPath.Find() is not ['/', ..] tool)
                return;
            var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static one => (string)one.Key, static one => (string)one.Value!);
            environment["MAYFLY_STORE"] = fetched[0].Wheel.Store.Root;
            using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
            // A thread of its own, since there is no way back from its priority.
            Task.Factory.StartNew(() =>
            {
                Priority.Yield();
                // Neither the terminal's end nor its Ctrl+C is meant for it.
                return ChildProcess.Start([tool, Word, .. wanted.Select(static one => one.Sha256)], environment, [nothing, nothing, nothing], newSession: true);
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MayflyException)
        {
        }
    }

    /// <summary>Makes them.</summary>
    /// <param name="wheels">The SHA-256 of each.</param>
    public static int Run(IReadOnlyList<string> wheels)
    {
        var store = Store.Open();
        using var held = store.LockShared();
        foreach (var sha256 in wheels)
        {
            try
            {
                (UnpackedWheel.Find(store, sha256) is { } wheel ? PreparedCopy.Of(wheel) : null)?.Make();
            }
            catch (Exception e) when (e is IOException or MayflyException)
            {
                // Nobody reads what this says; whoever installs next copies, and is told what there is to tell.
            }
        }

        return ExitCode.Done;
    }
}
