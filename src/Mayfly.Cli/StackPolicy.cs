using System.Diagnostics;

namespace Mayfly.Cli;

/// <summary>What a <c>stack.cs</c> says about the licences of its lock, asked of the script itself.</summary>
internal static class StackPolicy
{
    /// <summary>Gives the exit code of the script's <c>licenses --judge</c>, which tells what it refuses; 0 for a lock without a script beside it.</summary>
    public static async Task<int> JudgeAsync(string lockPath, CancellationToken cancellationToken)
    {
        var script = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(lockPath))!, StackScript.FileName);
        if (Path.GetFileName(lockPath) != Packages.LockFile.Name || !File.Exists(script))
            return ExitCode.Done;
        using var judge = Process.Start(new ProcessStartInfo(Execution.Host, [ScriptBuild.Ensure(script, Console.Error), "licenses", "--judge"]))!;
        try
        {
            await judge.WaitForExitAsync(cancellationToken);
            return judge.ExitCode;
        }
        catch (OperationCanceledException)
        {
            judge.Kill();
            throw;
        }
    }
}
