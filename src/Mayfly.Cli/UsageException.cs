namespace Mayfly.Cli;

/// <summary>The command line itself is wrong: nothing has been begun.</summary>
internal sealed class UsageException(string message, string hint) : MayflyException(message, hint)
{
    public override int ExitCode => Cli.ExitCode.Misused;
}
