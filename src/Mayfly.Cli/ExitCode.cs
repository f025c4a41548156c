namespace Mayfly.Cli;

/// <summary>How the tool ends; docs/reference/exit-codes.md says the same to its users.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Misused = 2;
    public const int TestsFailed = 3;
    public const int Interrupted = 130;
}
