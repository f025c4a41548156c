using Mayfly.Environments;

namespace Mayfly.Cli.Tests;

/// <summary><c>workon</c> and <c>deactivate</c> in each shell, in environments that are there.</summary>
[Trait("needs", "oracle")]
public sealed class WorkingInEnvironments : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ShellUnderTest Shell(string shell)
    {
        var taken = new ShellUnderTest(shell, Directory.CreateDirectory($"{_folder.Path}/{shell}").FullName);
        taken.TakeWords(_folder);
        var python = Interpreter.Ask("/usr/bin/python3");
        VirtualEnvironment.Create($"{taken.Home}/environments/one", python);
        VirtualEnvironment.Create($"{taken.Home}/environments/with a space", python);
        // Hooks are written for users to fill as the words are read first.
        taken.Run($"source {taken.Words}");
        return taken;
    }

    [Theory]
    [InlineData("bash", "set -eu; ")]
    [InlineData("zsh", "set -eu; ")]
    [InlineData("fish", "")]
    public void Workon_starts_no_process(string shell, string strict)
    {
        var here = Shell(shell);
        File.WriteAllText($"{here.Home}/environments/one/.project", $"{here.Home}/bin\n");
        var code = shell == "fish" ? "$status" : "$?";
        var output = here.Run($"""
            {strict}source {here.Words}
            workon 'with a space'
            echo {code} "$VIRTUAL_ENV" "$PWD"
            workon one
            echo {code} "$VIRTUAL_ENV" "$PWD"
            workon -n 'with a space'
            deactivate
            cd {here.Home}
            echo {code} "$PATH"
            mkdir -p bin/x/one; cd bin/x/one
            workon .
            echo "$VIRTUAL_ENV"
            deactivate
            """, "strace", "-f", "-qq", "-e", "signal=none", "-e", "trace=execve,execveat,fork,vfork,clone,clone3", "-o", $"{here.Home}/calls");
        Assert.Equal($"""
            0 {here.Home}/environments/with a space {here.Home}
            0 {here.Home}/environments/one {here.Home}/bin
            0 {here.Home}/bin:/usr/local/bin:/usr/bin:/bin
            {here.Home}/environments/one

            """, output);
        // The shell itself, and mkdir; fish has threads, which are no processes.
        var started = File.ReadLines($"{here.Home}/calls").Where(static call => !call.Contains("CLONE_THREAD") && call.Contains("execve") && !call.Contains("resumed")).ToArray();
        Assert.Equal(2, started.Length);
        Assert.Contains("\"mkdir\"", started[1]);
        Assert.Single(File.ReadLines($"{here.Home}/calls"), static call => !call.Contains("CLONE_THREAD") && !call.Contains("execve") && !call.Contains("resumed"));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    public void What_a_user_wrote_into_activate_counts(string shell)
    {
        var here = Shell(shell);
        File.AppendAllText($"{here.Home}/environments/one/bin/activate", "MINE=yes\n");
        // One that another tool made, with the word before which no alias is looked for.
        Directory.CreateDirectory($"{here.Home}/environments/old/bin");
        File.CreateSymbolicLink($"{here.Home}/environments/old/bin/python", "/usr/bin/python3");
        File.WriteAllText($"{here.Home}/environments/old/bin/activate", $"function deactivate {{\n    unset VIRTUAL_ENV\n    echo left old\n    unset -f deactivate\n}}\nVIRTUAL_ENV={here.Home}/environments/old\n");
        Assert.Equal("yes\nin old\nleft old\none again\n", here.Run($"""
            source {here.Words}
            workon one; echo $MINE
            workon old; echo in $(basename $VIRTUAL_ENV)
            workon one; echo $(basename $VIRTUAL_ENV) again
            deactivate
            """));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    public void Where_environments_are(string shell)
    {
        var here = Shell(shell);
        Assert.Equal($"{here.Home}/h/e/x\n{here.Home}/h/e\n{here.Home}/h/sub\n{here.Home}/h/.virtualenvs\n", here.Run($$"""
            HOME={{here.Home}}/h
            for WORKON_HOME in '~/e//x' '$HOME/${LOGNAME}$NONE/../e' sub ''; do
                LOGNAME=me
                source {{here.Words}}
                echo $WORKON_HOME
            done
            """));
    }

    [Fact]
    public void Names_are_completed()
    {
        var bash = Shell("bash");
        Assert.Equal("<one>\n<with\\ a\\ space>\n<bin/>\n", bash.Run($$"""
            source {{bash.Words}}
            COMP_CWORD=1
            COMP_WORDS=(workon ''); _mayfly_complete_names workon '' workon; printf '<%s>\n' "${COMPREPLY[@]:0:1}"
            COMP_WORDS=(workon 'with\ '); _mayfly_complete_names workon 'with\ ' workon; printf '<%s>\n' "${COMPREPLY[@]}"
            workon one; _mayfly_complete_folders cdvirtualenv b cdvirtualenv; printf '<%s>\n' "${COMPREPLY[@]}"
            """));
        var fish = Shell("fish");
        Assert.Equal("one\nwith a space\nbin/\n", fish.Run($"source {fish.Words}\ncomplete -C 'rmvirtualenv o'\ncomplete -C 'workon w'\nworkon one\ncomplete -C 'cdvirtualenv b'\n"));
        // zsh completes at a terminal only.
        var zsh = Shell("zsh");
        Assert.Contains($"<{zsh.Home}/environments/with a space>", zsh.Run($$"""
            zmodload zsh/zpty
            zpty terminal env TERM=dumb zsh -f -i
            zpty -w terminal 'source {{zsh.Words}}; echo REA"DY"'
            zpty -r terminal out '*READY*'
            zpty -w -n terminal $'workon wi\t; echo "<$VIRTUAL_ENV>" DO"NE"\n'
            zpty -r terminal out '*DONE*'
            print -r -- "$out"
            """));
    }
}
