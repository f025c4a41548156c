using System.CommandLine;
using Mayfly.Environments;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly shell-init bash|zsh|fish</c>: virtualenvwrapper's words, for a shell to read as it begins.</summary>
internal static class ShellInitVerb
{
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var name }] && !ShellWords.Shells.Contains(name))
                result.AddError($"there are no words for {name}, only for bash, zsh and fish");
        });
        var command = new Command("shell-init", "Print mkvirtualenv, workon and their kin for your shell to read") { shell };
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.Write(ShellWords.For(result.GetValue(shell)!, ToolPath.Find()));
            return ExitCode.Done;
        });
        return command;
    }
}
